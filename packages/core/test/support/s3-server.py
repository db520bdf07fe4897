"""Runs moto's S3 server on a free port of 127.0.0.1 until standard input ends."""

import os
import sys
import threading

from moto.s3 import responses
from moto.server import main

# moto looks for the object of a conditional put and writes it in two steps; its threads must not meet there.
_one_put = threading.Lock()
_put_object = responses.S3Response.put_object


def _put_object_alone(self):
    with _one_put:
        return _put_object(self)


responses.S3Response.put_object = _put_object_alone


def _stop_with_parent():
    # However the parent ends, its end of the pipe closes.
    sys.stdin.buffer.read()
    os._exit(0)


threading.Thread(target=_stop_with_parent, daemon=True).start()
main(["-H", "127.0.0.1", "-p", "0", *sys.argv[1:]])
