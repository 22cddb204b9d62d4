# TODO: two prices, one of them wrong
