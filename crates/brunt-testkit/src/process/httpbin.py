"""PyPI's httpbin behind a layer that records each request: when it came, on which connection, and
how many were under way. Run by hypercorn; the record is the file that RECORD names."""

import asyncio
import os
import time
from concurrent.futures import ThreadPoolExecutor

import httpbin
from hypercorn.middleware import AsyncioWSGIMiddleware

# A request of `/delay` holds a thread, and the usual handful would bound what is measured here.
THREADS = 64
LARGEST_BODY = 16 * 1024 * 1024


class Recorder:
    def __init__(self, inner, path):
        self.inner = inner
        self.record = open(path, "w", buffering=1, encoding="utf-8")
        self.running = 0
        self.prepared = False

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.inner(scope, receive, send)
        if not self.prepared:
            self.prepared = True
            asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS))
        arrived = time.monotonic_ns()
        self.running += 1
        running, answered = self.running, False

        def note():
            # Before the first byte of the answer goes out: whoever has seen the answer finds the
            # line, and a request that follows the answer is not counted as beside it.
            nonlocal answered
            if answered:
                return
            answered = True
            self.running -= 1
            host = dict(scope["headers"]).get(b"host", b"").decode("latin-1") or "-"
            query = scope["query_string"].decode("latin-1")
            line = (arrived, time.monotonic_ns(), running, scope["http_version"],
                    scope["client"][1], host, f"{scope['path']}?{query}")
            self.record.write(" ".join(map(str, line)) + "\n")

        async def noting(message):
            note()
            await send(message)

        try:
            await self.inner(scope, receive, noting)
        finally:
            note()


app = Recorder(AsyncioWSGIMiddleware(httpbin.app, LARGEST_BODY), os.environ["RECORD"])
