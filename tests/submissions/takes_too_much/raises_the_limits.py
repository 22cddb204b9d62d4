import resource


def test_price():
    for what in (resource.RLIMIT_AS, resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE):
        _, hard = resource.getrlimit(what)
        resource.setrlimit(what, (hard, hard))
