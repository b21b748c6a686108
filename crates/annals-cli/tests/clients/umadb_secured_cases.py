"""What users of the Python package `umadb` meet on a server with TLS and API keys, one function
for each case.

Called with the name of a case, `HOST:PORT`, the file of the authority's certificate, a key that
writes and one that only reads. A case passes when its function comes back.
"""

import sys

import umadb
from umadb import AppendCondition, Event, Query, QueryItem, TrackingInfo


class Server:
    def __init__(self, address, authority, writing, reading):
        self.url, self.authority = f"https://{address}", authority
        self.writing, self.reading = writing, reading

    def connect(self, key):
        return umadb.Client(self.url, ca_path=self.authority, api_key=key)


def event(kind="opened"):
    return Event(kind, b"data", ["a:1"])


def expect(error, work):
    try:
        work()
    except error as caught:
        return caught
    raise AssertionError(f"{error} was expected")


def case_a_key_opens_reading_following_and_writing(server):
    with server.connect(server.writing) as client:
        nobody = AppendCondition(Query([QueryItem(types=[], tags=["a:1"])]))
        assert client.append([event()], nobody) >= 1
        expect(umadb.IntegrityError, lambda: client.append([event()], nobody))
        (read,) = client.read(Query([QueryItem(types=["opened"], tags=[])]))
        assert read.event.data == b"data"
        subscription = client.subscribe(Query([QueryItem(types=["opened"], tags=[])]))
        assert next(subscription).event.data == b"data"
        subscription.cancel()
        client.append([event()], None, TrackingInfo("upstream", 5))
        assert client.get_tracking_info("upstream") == 5


def case_a_key_for_reading_changes_nothing(server):
    with server.connect(server.writing) as client:
        client.append([event()])
    with server.connect(server.reading) as client:
        assert len(list(client.read(Query([QueryItem(types=["opened"], tags=[])])))) == 1
        expect(umadb.AuthenticationError, lambda: client.append([event()]))


def case_no_key_and_a_wrong_key_open_nothing(server):
    for key in [None, "guess", server.writing[:-1]]:
        with server.connect(key) as client:
            expect(umadb.AuthenticationError, client.head)
            expect(umadb.AuthenticationError, lambda: list(client.read()))
            expect(umadb.AuthenticationError, lambda: client.append([event()]))


if __name__ == "__main__":
    case, *server = sys.argv[1:]
    globals()[case](Server(*server))
