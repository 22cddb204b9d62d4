"""The HTTP endpoints. They translate: a request into a call of a service, its errors into status codes."""
