"""What users of the Python package `umadb` do, one function for each case.

Called with the name of a case and the connection string of an empty server.
A case passes when its function comes back.
"""

import sys
import threading
import uuid

import umadb
from umadb import AppendCondition, Event, Query, QueryItem, TrackingInfo


def event(kind="opened", tags=("a:1",), **rest):
    return Event(kind, b"data", list(tags), uuid.uuid4(), **rest)


def tagged(*tags):
    return Query([QueryItem(types=[], tags=list(tags))])


def typed(*types):
    return Query([QueryItem(types=list(types), tags=[])])


def positions(read):
    return [found.position for found in read]


def expect(error, work):
    try:
        work()
    except error as caught:
        return caught
    raise AssertionError(f"{error.__name__} was expected")


def case_events_come_back_as_written(client):
    assert client.head() is None
    written = event(tags=["a:1", "k\u00e4se"], metadata={"by": "ann", "n": "7"})
    assert client.append([written, event("closed")]) == 2
    first, second = client.read()
    assert (first.position, second.position) == (1, 2)
    read = first.event
    assert (read.event_type, read.data, read.tags) == ("opened", b"data", ["a:1", "k\u00e4se"])
    assert (read.uuid, read.metadata) == (written.uuid, {"by": "ann", "n": "7"})
    assert first.tracking_info is None
    assert client.head() == 2


def case_queries_find_types_and_tags(client):
    client.append([event("x", ["a"]), event("y", ["a", "b"]), event("x", ["b"])])
    assert positions(client.read(tagged("a"))) == [1, 2]
    assert positions(client.read(tagged("a", "b"))) == [2]
    assert positions(client.read(typed("x"))) == [1, 3]
    either = Query([QueryItem(types=["x"], tags=["b"]), QueryItem(types=["y"], tags=[])])
    assert positions(client.read(either)) == [2, 3]
    assert positions(client.read(Query())) == [1, 2, 3]


def case_read_from_backwards_and_limited(client):
    client.append([event() for _ in range(40)])
    assert positions(client.read(start=38)) == [38, 39, 40]
    assert positions(client.read(start=3, backwards=True)) == [3, 2, 1]
    assert positions(client.read(backwards=True, limit=2)) == [40, 39]
    assert positions(client.read(limit=0)) == []
    assert positions(client.read(start=0, backwards=True)) == []


def case_many_events_come_in_many_messages(client):
    large = [Event("large", bytes(1_000_000), ["l"]) for _ in range(9)]
    for one in large:
        client.append([one])
    assert len(list(client.read(tagged("l")))) == 9


def case_one_of_two_writers_wins(client):
    nobody = AppendCondition(tagged("seat:7"))
    assert client.append([event(tags=["seat:7"])], nobody) == 1
    conflict = expect(
        umadb.IntegrityError, lambda: client.append([event(tags=["seat:7"])], nobody)
    )
    assert "condition" in str(conflict)
    assert client.append([event(tags=["seat:7"])], AppendCondition(tagged("seat:7"), 1)) == 2


def case_retry_gives_the_first_answer(client):
    batch = [event(), event("closed")]
    nobody = AppendCondition(tagged("a:1"))
    assert client.append(batch, nobody) == client.append(batch, nobody) == 2
    assert client.append(batch[:1], nobody) == 1
    assert client.head() == 2


def case_tracking_goes_forward_only(client):
    assert client.get_tracking_info("upstream") is None
    client.append([event()], None, TrackingInfo("upstream", 5))
    assert client.get_tracking_info("upstream") == 5
    again = lambda: client.append([event()], None, TrackingInfo("upstream", 5))
    expect(umadb.IntegrityError, again)
    expect(umadb.IntegrityError, lambda: client.append([], None, TrackingInfo("upstream", 5)))
    assert client.append([], None, TrackingInfo("upstream", 6)) == 0
    (read,) = client.read()
    assert (read.tracking_info.source, read.tracking_info.position) == ("upstream", 5)


def case_subscription_goes_on_with_new_events(client):
    client.append([event("x"), event("y"), event("x")])
    subscription = client.subscribe(typed("x"), after=1)
    assert next(subscription).position == 3
    writer = threading.Thread(target=lambda: connect().append([event("y"), event("x")]))
    writer.start()
    assert next(subscription).position == 5
    writer.join()
    subscription.cancel()


def case_health_is_told(client):
    for service in ["", "umadb.v1.DCB"]:
        assert client.check_health(service) == umadb.ServingStatus.SERVING


def connect():
    return umadb.Client(url)


if __name__ == "__main__":
    case, kurrentdb = sys.argv[1:]
    url = kurrentdb.split("?")[0].rstrip("/").replace("kurrentdb://", "http://")
    with connect() as client:
        globals()[case](client)
