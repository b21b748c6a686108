"""What users of the Python package `kurrentdbclient` do with lists of events by category and type,
with indexes, and with appends to many streams; one function for each case.

Called with the name of a case and the connection string of an empty server.
A case passes when its function comes back.
"""

import sys

from kurrentdbclient import KurrentDBClient, NewEvent, NewEvents, StreamState
from kurrentdbclient import exceptions as errors
from kurrentdbclient.events import CaughtUp, NewRecord, StreamStateCheck


def event(kind="opened", metadata=b""):
    return NewEvent(type=kind, data=b"{}", metadata=metadata)


def append(client, stream, *kinds):
    events = [event(kind) for kind in kinds]
    client.append_to_stream(stream, current_version=StreamState.ANY, events=events)


def record(stream, kind="moved"):
    return NewRecord(stream_name=stream, type=kind, data=b"{}")


def places(recorded):
    return [(found.link.stream_position, found.stream_name, found.type) for found in recorded]


def expect(error, work):
    try:
        work()
    except error as caught:
        return caught
    raise AssertionError(f"{error.__name__} was expected")


def case_category_type_and_streams_are_lists_of_links(client):
    append(client, "a-1", "opened", "moved")
    append(client, "b-1", "opened")
    append(client, "a-2", "opened")
    links = client.get_stream("$ce-a")
    assert [(link.type, link.data) for link in links] == [
        ("$>", b"0@a-1"),
        ("$>", b"1@a-1"),
        ("$>", b"0@a-2"),
    ]
    assert links == client.get_stream("$ce-a")
    resolved = client.get_stream("$ce-a", resolve_links=True, stream_position=1)
    assert places(resolved) == [(1, "a-1", "moved"), (2, "a-2", "opened")]
    resolved = client.get_stream("$et-opened", resolve_links=True, backwards=True, limit=2)
    assert places(resolved) == [(2, "a-2", "opened"), (1, "b-1", "opened")]
    assert [link.data for link in client.get_stream("$streams")] == [b"0@a-1", b"0@b-1", b"0@a-2"]
    assert client.get_current_version("$ce-a") == 2
    assert client.get_current_version("$ce-none") == StreamState.NO_STREAM
    expect(errors.NotFoundError, lambda: client.get_stream("$ce-none"))
    expect(errors.KurrentDBClientError, lambda: append(client, "$ce-a", "opened"))


def case_subscription_to_a_category_goes_on(client):
    append(client, "a-1", "opened", "moved")
    subscription = client.subscribe_to_stream(
        "$ce-a", stream_position=0, resolve_links=True, include_caught_up=True
    )
    assert places([next(subscription)]) == [(1, "a-1", "moved")]
    assert isinstance(next(subscription), CaughtUp)
    append(client, "b-1", "opened")
    append(client, "a-2", "opened")
    assert places([next(subscription)]) == [(2, "a-2", "opened")]
    subscription.stop()


def case_index_is_read(client):
    append(client, "a-1", "opened", "moved")
    append(client, "b-1", "opened")
    kinds = lambda index: [found.type for found in client.read_index(index)]
    assert kinds("all") == ["opened", "moved", "opened"]
    assert kinds("ce-a") == ["opened", "moved"]
    assert kinds("et-opened") == ["opened", "opened"]
    expect(errors.NotFoundError, lambda: kinds("user-x"))


def case_many_streams_are_written_at_once(client):
    both = lambda version: client.multi_append_to_stream(
        [
            NewEvents("a-1", events=[event("x", b'{"by":"ann"}')], current_version=version),
            NewEvents("b-1", events=[event("y")], current_version=StreamState.ANY),
        ]
    )
    both(StreamState.NO_STREAM)
    expect(errors.WrongCurrentVersionError, lambda: both(StreamState.NO_STREAM))
    both(0)
    (first, _) = client.get_stream("a-1")
    assert first.metadata == b'{"$schema.format":"Json","$schema.name":"x","by":"ann"}'
    assert client.get_current_version("b-1") == 1


def case_records_are_guarded_by_checks_of_other_streams(client):
    append(client, "guard", "opened")
    written = client.append_records(
        [record("a-1"), record("b-1"), record("a-1")],
        checks=[StreamStateCheck("guard", 0), StreamStateCheck("a-1", StreamState.NO_STREAM)],
    )
    revisions = [(found.stream_name, found.stream_position) for found in written.stream_positions]
    assert revisions == [("a-1", 1), ("b-1", 0)]
    failed = expect(
        errors.ConsistencyChecksFailedError,
        lambda: client.append_records([record("a-1")], checks=[StreamStateCheck("guard", 7)]),
    )
    (failure,) = failed.failures
    assert failure.stream_state_failure.actual_state == 0
    assert client.get_current_version("a-1") == 1


def case_projections_of_the_system_run(client):
    (found,) = [client.get_projection_statistics(name="$by_category")]
    assert found.status == "Running"
    client.enable_projection(name="$by_category")
    expect(errors.KurrentDBClientError, lambda: client.create_projection(name="x", query=""))
    expect(errors.NotFoundError, lambda: client.get_projection_statistics(name="x"))


if __name__ == "__main__":
    case, url = sys.argv[1:]
    client = KurrentDBClient(url)
    globals()[case](client)
    client.close()
