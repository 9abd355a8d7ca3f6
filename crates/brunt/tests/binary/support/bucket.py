"""A bucket for tests: moto's S3 on loopback, with a log of requests, and with faults on request.

    bucket.py serve PORT LOG FAULTS

The first FAULTS requests that put an object are answered 503. The bucket is called "results".

    bucket.py fetch PORT FOLDER

Writes all objects into a folder.
"""

import os

import sys
import threading

import boto3

if sys.argv[1] == "fetch":
    keys = {"aws_access_key_id": "reader", "aws_secret_access_key": "secret"}
    url = f"http://127.0.0.1:{sys.argv[2]}"
    s3 = boto3.client("s3", endpoint_url=url, region_name="us-east-1", **keys)
    for object in s3.list_objects_v2(Bucket="results").get("Contents", []):
        path = os.path.join(sys.argv[3], object["Key"])
        os.makedirs(os.path.dirname(path), exist_ok=True)
        s3.download_file("results", object["Key"], path)
    sys.exit()

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import Client

port, log, faults = int(sys.argv[2]), open(sys.argv[3], "a", buffering=1), int(sys.argv[4])
moto = DomainDispatcherApplication(create_backend_app)
lock = threading.Lock()


def application(environ, start_response):
    global faults
    query = environ.get("QUERY_STRING", "")
    signed = environ.get("HTTP_AUTHORIZATION", "")
    log.write(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}?{query} {signed}\n")
    with lock:
        fails = environ["REQUEST_METHOD"] == "PUT" and faults > 0
        faults -= fails
    if fails:
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        start_response("503 Slow Down", [("Content-Length", "0")])
        return [b""]
    return moto(environ, start_response)


class Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_request(self, *arguments):
        pass


Client(moto).put("/results", base_url="http://127.0.0.1/")
make_server("127.0.0.1", port, application, threaded=True, request_handler=Quiet).serve_forever()
