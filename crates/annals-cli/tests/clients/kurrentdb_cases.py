"""What users of the Python package `kurrentdbclient` do, one function for each case.

Called with the name of a case and the connection string of an empty server.
A case passes when its function comes back.
"""

import itertools
import json
import sys
import threading

from kurrentdbclient import KurrentDBClient, NewEvent, StreamState
from kurrentdbclient import exceptions as errors


def events(count, kind="opened", start=0):
    return [
        NewEvent(type=kind, data=json.dumps({"n": n}).encode(), metadata=b'{"by":"ann"}')
        for n in range(start, start + count)
    ]


def append(client, stream, count, version=StreamState.ANY, kind="opened"):
    return client.append_to_stream(stream, current_version=version, events=events(count, kind))


def positions(recorded):
    return [event.commit_position for event in recorded]


def versions(recorded):
    return [event.stream_position for event in recorded]


def expect(error, work):
    try:
        work()
    except error as caught:
        return caught
    raise AssertionError(f"{error.__name__} was expected")


def case_every_expected_version(client):
    append(client, "a-1", 1, StreamState.NO_STREAM)
    append(client, "a-1", 1, 0)
    append(client, "a-1", 1, StreamState.EXISTS)
    append(client, "a-1", 1, StreamState.ANY)
    assert client.get_current_version("a-1") == 3
    conflict = errors.WrongCurrentVersionError
    expect(conflict, lambda: append(client, "a-1", 1, StreamState.NO_STREAM))
    expect(conflict, lambda: append(client, "a-1", 1, 2))
    expect(conflict, lambda: append(client, "a-1", 1, 9))
    expect(conflict, lambda: append(client, "a-2", 1, StreamState.EXISTS))
    expect(conflict, lambda: append(client, "a-2", 1, 0))
    # Several events go as a batch, and the client knows that conflict by another way.
    expect(conflict, lambda: append(client, "a-1", 3, StreamState.NO_STREAM))
    assert client.get_current_version("a-1") == 3


def case_retry_gives_the_first_answer(client):
    batch = events(3)
    first = client.append_to_stream("a-1", current_version=StreamState.NO_STREAM, events=batch)
    again = client.append_to_stream("a-1", current_version=StreamState.NO_STREAM, events=batch)
    assert first == again
    assert versions(client.get_stream("a-1")) == [0, 1, 2]


def case_events_come_back_as_written(client):
    data = bytes(range(256))
    written = NewEvent(
        type="with ünicode", data=data, metadata=b"not json", content_type="application/octet-stream"
    )
    client.append_to_stream("k\u00e4se-1", current_version=StreamState.ANY, events=[written])
    (read,) = client.get_stream("k\u00e4se-1")
    assert (read.type, read.data, read.metadata, read.id) == (
        written.type,
        data,
        b"not json",
        written.id,
    )
    assert read.content_type == "application/octet-stream"
    assert read.recorded_at is not None


def case_read_forward_backward_and_limited(client):
    append(client, "a-1", 40)
    assert versions(client.get_stream("a-1")) == list(range(40))
    assert versions(client.get_stream("a-1", backwards=True)) == list(range(39, -1, -1))
    assert versions(client.get_stream("a-1", stream_position=38)) == [38, 39]
    assert versions(client.get_stream("a-1", stream_position=1, backwards=True)) == [1, 0]
    assert versions(client.get_stream("a-1", limit=2)) == [0, 1]
    assert versions(client.get_stream("a-1", stream_position=100)) == []
    expect(errors.NotFoundError, lambda: client.get_stream("a-2"))


def case_read_all(client):
    append(client, "a-1", 3)
    append(client, "b-1", 2)
    all_positions = positions(client.read_all())
    assert all_positions == sorted(all_positions) and len(all_positions) == 5
    assert positions(client.read_all(commit_position=0)) == all_positions
    assert positions(client.read_all(commit_position=all_positions[2])) == all_positions[2:]
    assert positions(client.read_all(backwards=True)) == all_positions[::-1]
    before = client.read_all(commit_position=all_positions[2], backwards=True)
    assert positions(before) == all_positions[1::-1]
    assert positions(client.read_all(limit=2)) == all_positions[:2]
    assert client.get_commit_position() == all_positions[-1]


def case_read_filtered(client):
    append(client, "a-1", 2, kind="opened")
    append(client, "a-2", 2, kind="closed")
    append(client, "b-1", 2, kind="opened")
    client.set_stream_metadata("a-1", metadata={"k": 1}, current_version=StreamState.ANY)
    by = lambda **how: [(e.stream_name, e.type) for e in client.read_all(**how)]
    assert len(by()) == 6
    assert len(by(filter_exclude=[])) == 7
    assert by(filter_include=["closed"]) == [("a-2", "closed")] * 2
    streams = {name for name, _ in by(filter_include=["a-.*"], filter_by_stream_name=True)}
    assert streams == {"a-1", "a-2"}
    prefixed = by(filter_include=["a-"], filter_by_stream_name=True, filter_by_prefix=True)
    assert {name for name, _ in prefixed} == {"a-1", "a-2"} and len(prefixed) == 4


def case_subscription_to_a_stream_goes_on_from_a_checkpoint(client):
    append(client, "a-1", 5)
    subscription = client.subscribe_to_stream("a-1")
    assert versions(itertools.islice(subscription, 3)) == [0, 1, 2]
    subscription.stop()
    subscription = client.subscribe_to_stream("a-1", stream_position=2)
    assert versions(itertools.islice(subscription, 2)) == [3, 4]
    append(client, "a-1", 2)
    assert versions(itertools.islice(subscription, 2)) == [5, 6]
    subscription.stop()


def case_subscription_to_all_goes_on_from_a_checkpoint(client):
    append(client, "a-1", 3)
    subscription = client.subscribe_to_all()
    first = positions(itertools.islice(subscription, 2))
    subscription.stop()
    subscription = client.subscribe_to_all(commit_position=first[-1])
    (third,) = itertools.islice(subscription, 1)
    assert third.stream_position == 2
    append(client, "b-1", 1)
    (live,) = itertools.islice(subscription, 1)
    assert live.stream_name == "b-1"
    subscription.stop()


def case_subscription_from_the_end_is_live_only(client):
    append(client, "a-1", 3)
    subscription = client.subscribe_to_all(from_end=True, include_caught_up=True)
    next(subscription)
    append(client, "a-1", 1)
    (live,) = itertools.islice(subscription, 1)
    assert live.stream_position == 3
    subscription.stop()


def case_filtered_subscription_gives_checkpoints(client):
    subscription = client.subscribe_to_all(
        filter_include=["rare"], include_checkpoints=True, window_size=5,
        checkpoint_interval_multiplier=2,
    )
    append(client, "a-1", 50)
    append(client, "b-1", 1, kind="rare")
    checkpoints = 0
    for item in subscription:
        if item.is_checkpoint:
            checkpoints += 1
        elif item.type == "rare":
            break
    assert checkpoints >= 4, checkpoints
    subscription.stop()


def case_metadata(client):
    append(client, "a-1", 5)
    metadata, version = client.get_stream_metadata("a-1")
    assert (metadata, version) == ({}, StreamState.NO_STREAM)
    client.set_stream_metadata("a-1", metadata={"$maxCount": 2, "mine": [1]}, current_version=version)
    metadata, version = client.get_stream_metadata("a-1")
    assert metadata == {"$maxCount": 2, "mine": [1]} and version == 0
    assert versions(client.get_stream("a-1")) == [3, 4]
    client.set_stream_metadata("a-1", metadata={"$tb": 4}, current_version=0)
    assert versions(client.get_stream("a-1")) == [4]
    conflict = errors.WrongCurrentVersionError
    expect(conflict, lambda: client.set_stream_metadata("a-1", metadata={}, current_version=0))


def case_delete_and_come_back(client):
    append(client, "a-1", 3)
    conflict = errors.WrongCurrentVersionError
    expect(conflict, lambda: client.delete_stream("a-1", current_version=1))
    client.delete_stream("a-1", current_version=2)
    expect(errors.NotFoundError, lambda: client.get_stream("a-1"))
    append(client, "a-1", 1, StreamState.NO_STREAM)
    assert versions(client.get_stream("a-1")) == [3]
    missing = lambda: client.delete_stream("a-2", current_version=StreamState.ANY)
    expect(errors.NotFoundError, missing)


def case_tombstone(client):
    append(client, "a-1", 3)
    client.tombstone_stream("a-1", current_version=StreamState.ANY)
    gone = errors.StreamIsDeletedError
    expect(gone, lambda: client.get_stream("a-1"))
    expect(gone, lambda: append(client, "a-1", 1))
    expect(gone, lambda: append(client, "a-1", 2))
    expect(gone, lambda: client.delete_stream("a-1", current_version=StreamState.ANY))


def case_large_batches(client):
    append(client, "a-1", 5000, StreamState.NO_STREAM)
    assert len(client.get_stream("a-1")) == 5000
    big = NewEvent(type="big", data=b"x" * (15 * 1024 * 1024), content_type="application/octet-stream")
    client.append_to_stream("b-1", current_version=StreamState.NO_STREAM, events=[big])
    (read,) = client.get_stream("b-1")
    assert len(read.data) == len(big.data)


def case_many_writers_on_one_stream(client):
    append(client, "a-1", 1)
    won = []

    def write():
        try:
            append(client, "a-1", 1, 0)
            won.append(1)
        except errors.WrongCurrentVersionError:
            pass

    writers = [threading.Thread(target=write) for _ in range(16)]
    [writer.start() for writer in writers]
    [writer.join() for writer in writers]
    assert len(won) == 1
    assert versions(client.get_stream("a-1")) == [0, 1]


def case_links_are_resolved(client):
    append(client, "a-1", 2)
    link = NewEvent(type="$>", data=b"1@a-1", content_type="application/octet-stream")
    lost = NewEvent(type="$>", data=b"7@a-1", content_type="application/octet-stream")
    client.append_to_stream("l", current_version=StreamState.ANY, events=[link])
    (plain,) = client.get_stream("l")
    assert plain.type == "$>"
    (resolved,) = client.get_stream("l", resolve_links=True)
    assert (resolved.stream_name, resolved.stream_position) == ("a-1", 1)
    assert resolved.link.stream_name == "l"
    client.append_to_stream("m", current_version=StreamState.ANY, events=[lost])
    assert len(client.get_stream("m", resolve_links=True)) <= 1


def case_gossip_names_the_host_that_was_asked(client):
    (member,) = client.read_gossip()
    assert f"{member.address}:{member.port}" == client.connection_target


if __name__ == "__main__":
    case, url = sys.argv[1:]
    client = KurrentDBClient(url)
    globals()[case](client)
    client.close()
