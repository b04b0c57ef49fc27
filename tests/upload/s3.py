"""An S3 on loopback: moto's, behind a check of every signature by Amazon's own library.

Takes the one valid key, its secret and a bucket to make. Prints its port, serves until standard input ends (that is:
until the test is gone, however it went), and shows at /-/log what was asked, one line a request.
"""

import os
import sys
import threading
from datetime import datetime, timedelta, timezone
from hmac import compare_digest
from urllib.parse import parse_qsl, quote

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto.s3.models import s3_backends
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

KEY, SECRET, BUCKET = sys.argv[1:4]
LOG = []


def raw_path(environ):
    return environ.get("RAW_URI", environ.get("REQUEST_URI", quote(environ["PATH_INFO"]))).split("?")[0]


def header(environ, name):
    name = name.upper().replace("-", "_")
    return environ.get(name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else "HTTP_" + name, "")


def refusal(environ):
    """Why a request that claims to be signed is refused; None when it is not, or rightly."""
    query = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
    authorization = environ.get("HTTP_AUTHORIZATION", "")
    if "X-Amz-Signature" in query:
        signature = query.pop("X-Amz-Signature")
        scope, signed, at = (query["X-Amz-" + k] for k in ("Credential", "SignedHeaders", "Date"))
        made = datetime.strptime(at, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
        if datetime.now(timezone.utc) > made + timedelta(seconds=int(query["X-Amz-Expires"])):
            return "AccessDenied"
        kind = S3SigV4QueryAuth
    elif authorization:
        fields = dict(part.strip().split("=", 1) for part in authorization.split(" ", 1)[1].split(","))
        scope, signed, signature = fields["Credential"], fields["SignedHeaders"], fields["Signature"]
        at = header(environ, "x-amz-date")
        kind = S3SigV4Auth
    else:
        return None
    key, _, region, service, _ = scope.split("/")
    if key != KEY:
        return "InvalidAccessKeyId"
    url = f"http://{environ['HTTP_HOST']}{raw_path(environ)}"
    headers = {name: header(environ, name) for name in signed.split(";")}
    request = AWSRequest(environ["REQUEST_METHOD"], url, headers=headers, params=query)
    request.context["timestamp"] = at
    auth = kind(Credentials(KEY, SECRET), service, region)
    # what is signed about the body is a hash that the request names
    canonical = auth.canonical_request(request)
    wanted = auth.signature(auth.string_to_sign(request, canonical), request)
    return None if compare_digest(wanted, signature) else "SignatureDoesNotMatch"


def strict(app):
    def serve(environ, start):
        if environ["PATH_INFO"] == "/-/log":
            start("200 OK", [("Content-Type", "text/plain")])
            return ["".join(LOG).encode()]
        names = sorted(k for k, _ in parse_qsl(environ.get("QUERY_STRING", ""), True) if not k.startswith("X-Amz"))
        LOG.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']} {','.join(names)}\n")
        why = refusal(environ)
        if why is None:
            return app(environ, start)
        start("403 Forbidden", [("Content-Type", "application/xml")])
        body = f"<?xml version='1.0'?><Error><Code>{why}</Code><Message>No.</Message><AWSAccessKeyId>{KEY}</AWSAccessKeyId></Error>"
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body.encode()]

    return serve


class Quiet(WSGIRequestHandler):
    def log_request(self, *_):
        pass


def until_the_test_is_gone():
    sys.stdin.buffer.read()
    os._exit(0)


threading.Thread(target=until_the_test_is_gone, daemon=True).start()
s3_backends["123456789012"]["aws"].create_bucket(BUCKET, "us-east-1")
app = strict(DomainDispatcherApplication(create_backend_app))
server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
print(server.server_port, flush=True)
server.serve_forever()
