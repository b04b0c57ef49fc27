"""What schemathesis is told of the studio's API: a template is sent as its text."""

import schemathesis


@schemathesis.serializer("application/toml")
def toml(_context, value):
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
