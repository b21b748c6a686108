"""What users of `kurrentdbclient` do with two servers of one cluster, one function for each case.

Called with the name of a case and `HOST:PORT=PID` of each server. A case may kill them, and passes
when its function comes back.
"""

import itertools
import os
import signal
import sys
import threading
import time

from kurrentdbclient import KurrentDBClient, NewEvent, StreamState
from kurrentdbclient import exceptions as errors

PATIENCE = 40
LEADER = "NODE_STATE_LEADER"


class Servers:
    def __init__(self, told):
        self.pids = dict(one.split("=") for one in told)
        self.addresses = list(self.pids)

    def one(self, index, **options):
        return self.client(self.addresses[index], **options)

    def several(self, first=0, **options):
        """A client of both that asks this one first."""
        return self.client(",".join([self.addresses[first], self.addresses[1 - first]]), **options)

    def client(self, hosts, scheme="kurrentdb", **options):
        options = {"tls": "false", "MaxDiscoverAttempts": 5, "DiscoveryInterval": 100} | options
        given = "&".join(f"{name}={value}" for name, value in options.items())
        return KurrentDBClient(f"{scheme}://{hosts}?{given}")

    def kill(self, address):
        os.kill(int(self.pids[address]), signal.SIGKILL)

    def index(self, client):
        return self.addresses.index(client.connection_target)


def event(number):
    return NewEvent(type="counted", data=b"%d" % number)


def append(client, numbers, stream="a-1"):
    events = [event(number) for number in numbers]
    return client.append_to_stream(stream, current_version=StreamState.ANY, events=events)


def count(events):
    return [int(event.data) for event in events]


def until(what, is_so):
    deadline = time.monotonic() + PATIENCE
    while True:
        found = is_so()
        if found:
            return found
        assert time.monotonic() < deadline, f"{what}: {found}"


def patiently(work):
    """What an application does about a server that is gone, and about others that have not
    noticed yet and name it as the leader: it tries again."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return work()
        except (errors.GrpcError, errors.NodeIsNotLeaderError):
            if time.monotonic() > deadline:
                raise


def known(client):
    """The members, and which of them lead."""
    members = client.read_gossip()
    at = lambda member: f"{member.address}:{member.port}"
    return {at(member) for member in members}, [at(m) for m in members if m.state == LEADER]


def case_gossip_of_either_lists_both_with_one_leader(servers):
    both = set(servers.addresses)
    clients = [servers.one(0), servers.one(1)]
    for client in clients:
        until("both are told of", lambda: known(client)[0] == both)
        # There are no groups, so that whoever answers says that it is the leader.
        assert known(client)[1] == [client.connection_target]
    clients[1].create_subscription_to_stream("workers", "a-1")
    for client in clients:
        until("one leads", lambda: known(client) == (both, [servers.addresses[1]]))


def case_what_one_has_taken_is_read_through_the_other_at_the_same_place(servers):
    first, second = servers.one(0), servers.one(1)
    for number in range(20):
        position = append(first, [number])
        last = next(iter(second.get_stream("a-1", backwards=True, limit=1)))
        assert (int(last.data), last.commit_position) == (number, position)
        position = append(second, [number], "b-1")
        last = next(iter(first.read_all(backwards=True, limit=1)))
        assert (last.stream_name, last.commit_position) == ("b-1", position)
    same = lambda e: (e.id, e.stream_name, e.stream_position, e.commit_position, e.recorded_at)
    assert [same(e) for e in first.read_all()] == [same(e) for e in second.read_all()]
    try:
        second.append_to_stream("a-1", current_version=3, events=[event(99)])
    except errors.WrongCurrentVersionError:
        return
    raise AssertionError("a conflict was expected")


def case_a_client_of_several_hosts_goes_on_when_its_server_is_killed(servers):
    for address in servers.addresses:
        client = servers.client(address, "kurrentdb+discover")
        assert client.connection_target in servers.addresses
        client.close()
    client = servers.several()
    connected = client.connection_target
    half = threading.Event()
    killer = threading.Thread(target=lambda: (half.wait(), servers.kill(connected)))
    killer.start()
    for number in range(300):
        if number == 100:
            half.set()
        batch = [event(number)]
        version = number - 1 if number else StreamState.NO_STREAM
        write = lambda: client.append_to_stream("a-1", current_version=version, events=batch)
        patiently(write)
    killer.join()
    assert client.connection_target != connected
    assert count(client.get_stream("a-1")) == list(range(300))
    assert [e.stream_name for e in client.read_all()] == ["a-1"] * 300


def case_a_subscription_goes_on_at_the_other_server(servers):
    client = servers.several()
    connected = servers.index(client)
    append(client, range(50))
    seen = []
    subscription = client.subscribe_to_all()
    for received in itertools.islice(subscription, 30):
        seen.append(received)
    servers.kill(servers.addresses[connected])
    other = servers.several(1 - connected)
    subscription = other.subscribe_to_all(commit_position=seen[-1].commit_position)
    seen += itertools.islice(subscription, 20)
    append(other, range(50, 60))
    seen += itertools.islice(subscription, 10)
    subscription.stop()
    assert count(seen) == list(range(60))
    positions = [received.commit_position for received in seen]
    assert positions == sorted(set(positions))


def case_a_group_is_consumed_through_either_and_moves_when_its_leader_is_killed(servers):
    # Connected while nobody leads, each stays where it is.
    first, second = servers.several(0), servers.several(1)
    assert first.connection_target != second.connection_target
    append(first, range(10))
    first.create_subscription_to_stream("workers", "a-1", from_end=False)
    leader = first.connection_target
    # The other server sends it to the leader.
    consumer = second.read_subscription_to_stream("workers", "a-1", max_ack_delay=0.05)
    assert second.connection_target == leader
    seen = []
    for received in itertools.islice(consumer, 4):
        consumer.ack(received)
        seen.append(int(received.data))
    assert seen == [0, 1, 2, 3]
    servers.kill(leader)
    client = servers.several(1 - servers.addresses.index(leader))
    consume = lambda: client.read_subscription_to_stream("workers", "a-1", max_ack_delay=0.05)
    consumer = patiently(consume)
    assert client.connection_target != leader
    append(client, range(10, 15))
    # What was acknowledged and not yet written down comes once more.
    for received in consumer:
        consumer.ack(received)
        seen.append(int(received.data))
        if seen[-1] == 14:
            break
    consumer.stop()
    assert set(seen) == set(range(15))
    again = seen[4:]
    assert again == list(range(again[0], 15))


if __name__ == "__main__":
    globals()[sys.argv[1]](Servers(sys.argv[2:]))
