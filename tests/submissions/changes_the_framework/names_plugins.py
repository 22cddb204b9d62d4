pytest_plugins = ["a_plugin_of_my_own"]


def test_price():
    pass
