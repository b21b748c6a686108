//! `annals subscription`, against a server.

use std::{
    io::{BufRead, BufReader},
    process::{Child, ChildStdout, Command, Stdio},
};

use annals_testbed::annals::Annals as Server;
use serde_json::{Value, json};

use crate::harness::{Annals, Done};

/// A server with a stream `s` of ten events, and the command line with it as its `--at`.
struct Served {
    annals: Annals,
    server: Server,
}

impl Served {
    fn start() -> Self {
        let server = Server::start(env!("CARGO_BIN_EXE_annals"), ["--insecure"]).unwrap();
        let served = Self { annals: Annals::new(), server };
        let events: String = (0..10)
            .map(|number| {
                let event_type = if number % 2 == 0 { "even" } else { "odd" };
                format!("{{\"stream\":\"s\",\"type\":\"{event_type}\",\"data\":{number}}}\n")
            })
            .collect();
        served.annals.write("events.ndjson", events);
        served.ok(&["import", "events.ndjson"]);
        served
    }

    fn at(&self, scheme: &str) -> String {
        format!("{scheme}://127.0.0.1:{}?tls=false", self.server.port())
    }

    fn run(&self, args: &[&str]) -> Done {
        self.annals.run(&[args, &["--at", &self.at("annals")]].concat())
    }

    fn ok(&self, args: &[&str]) -> String {
        self.run(args).must(0).stdout
    }

    fn fails(&self, code: i32, args: &[&str]) -> String {
        self.run(args).must(code).stderr
    }

    fn json(&self, args: &[&str]) -> Value {
        serde_json::from_str(&self.ok(&[args, &["-o", "json"]].concat())).unwrap()
    }

    /// Takes so many events of a group on `s`, and gives their data.
    fn take(&self, group: &str, count: u32, more: &[&str]) -> Vec<Value> {
        let count = count.to_string();
        let args = ["subscription", "consume", "s", group, "--limit", &count];
        data(&self.json(&[&args[..], more].concat()))
    }

    /// A field of `show`.
    fn shown(&self, group: &str, field: &str) -> Value {
        self.json(&["subscription", "show", "s", group])[field].clone()
    }

    /// Asks until a field of `show` has a value.
    fn wait_until(&self, group: &str, field: &str, value: &Value) {
        while self.shown(group, field) != *value {
            std::thread::yield_now();
        }
    }

    /// A consumer that goes on until it is told to stop.
    fn consumer(&self, group: &str, more: &[&str]) -> Consumer {
        let mut command = self.annals.command();
        command.args(["subscription", "consume", "s", group, "--at", &self.at("annals")]);
        let mut process = command.args(more).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap());
        Consumer { process, lines }
    }
}

/// A running `annals subscription consume`; it is killed with its test.
struct Consumer {
    process: Child,
    lines: BufReader<ChildStdout>,
}

impl Consumer {
    /// The data of the next event.
    fn next(&mut self) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        let event: Value = serde_json::from_str(&line).unwrap();
        event["data"].clone()
    }

    /// Interrupts it, as Ctrl-C does, and gives the data of what it had printed since, and its exit
    /// code.
    fn interrupt(mut self) -> (Vec<Value>, Option<i32>) {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        let mut rest = Vec::new();
        let mut line = String::new();
        while self.lines.read_line(&mut line).unwrap() > 0 {
            let event: Value = serde_json::from_str(&line).unwrap();
            rest.push(event["data"].clone());
            line.clear();
        }
        (rest, self.process.wait().unwrap().code())
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn data(events: &Value) -> Vec<Value> {
    events.as_array().unwrap().iter().map(|event| event["data"].clone()).collect()
}

fn numbers(range: std::ops::Range<u64>) -> Vec<Value> {
    range.map(Value::from).collect()
}

#[test]
fn a_group_is_made_listed_shown_changed_and_deleted() {
    let served = Served::start();
    served.ok(&["subscription", "create", "s", "g", "--max-retries", "3", "--ack-timeout", "5s"]);
    let again = served.fails(4, &["subscription", "create", "s", "g"]);
    assert_eq!(again.lines().count(), 3, "{again}");
    served.ok(&["subscription", "create", "$all", "h", "--from", "end", "--filter-type", "od"]);

    let listed = served.json(&["subscription", "ls"]);
    let names: Vec<_> =
        listed.as_array().unwrap().iter().map(|row| (&row["stream"], &row["group"])).collect();
    assert_eq!(names, [(&json!("$all"), &json!("h")), (&json!("s"), &json!("g"))]);
    assert_eq!(served.ok(&["subscription", "list", "--stream", "s", "-q"]), "s::g\n");
    assert_eq!(served.json(&["subscription", "ls", "--stream", "other"]), json!([]));

    let shown = served.json(&["subscription", "show", "s", "g"]);
    assert_eq!((&shown["from"], &shown["strategy"]), (&json!("start"), &json!("round-robin")));
    assert_eq!((&shown["max_retries"], &shown["ack_timeout_ms"]), (&json!(3), &json!(5000)));
    assert_eq!(served.json(&["subscription", "show", "$all", "h"])["from"], "end");

    served.ok(&["subscription", "update", "s", "g", "--strategy", "pinned"]);
    let shown = served.json(&["subscription", "show", "s", "g"]);
    assert_eq!((&shown["strategy"], &shown["max_retries"]), (&json!("pinned"), &json!(3)));
    served.fails(2, &["subscription", "update", "s", "g", "--strategy", "pinned"]);
    let correlation = ["--strategy", "pinned-by-correlation"];
    served.fails(1, &[&["subscription", "update", "s", "g"], &correlation[..]].concat());

    let unsure = served.fails(2, &["subscription", "delete", "s", "g"]);
    assert!(unsure.contains("0 parked events"), "{unsure}");
    served.ok(&["subscription", "delete", "s", "g", "--yes"]);
    for missing in ["show", "parked", "consume", "delete", "update"] {
        let said = served.fails(3, &["subscription", missing, "s", "g"]);
        assert!(said.contains("does not exist"), "{said}");
    }
}

#[test]
fn what_was_printed_is_acknowledged_and_nothing_else() {
    let served = Served::start();
    served.ok(&["subscription", "create", "s", "g"]);
    assert_eq!(served.take("g", 4, &[]), numbers(0..4));
    assert_eq!(served.take("g", 3, &["--buffer", "1"]), numbers(4..7));
    let mut consumer = served.consumer("g", &[]);
    let taken: Vec<_> = (0..3).map(|_| consumer.next()).collect();
    assert_eq!(taken, numbers(7..10));
    assert_eq!(consumer.interrupt(), (Vec::new(), Some(130)));
    served.wait_until("g", "in_flight", &json!(0));
    served.ok(&["append", "s", "even", "10"]);
    assert_eq!(served.take("g", 1, &[]), numbers(10..11));
}

#[test]
fn two_consumers_share_the_events() {
    let served = Served::start();
    served.ok(&["subscription", "create", "s", "g", "--from", "end"]);
    let (mut one, mut other) = (served.consumer("g", &[]), served.consumer("g", &[]));
    while served.shown("g", "consumers").as_array().map(Vec::len) != Some(2) {
        std::thread::yield_now();
    }
    for number in 10..14 {
        served.ok(&["append", "s", "t", &number.to_string()]);
    }
    let mut taken = [one.next(), one.next(), other.next(), other.next()];
    taken.sort_by_key(Value::as_u64);
    assert_eq!(taken.to_vec(), numbers(10..14));
    assert_eq!((one.interrupt().0, other.interrupt().0), (Vec::new(), Vec::new()));
}

#[test]
fn parked_events_are_listed_with_their_reason_tried_again_and_given_up() {
    let served = Served::start();
    served.ok(&["subscription", "create", "s", "g"]);
    let park = ["--park", "--on", "odd", "--reason", "not today"];
    assert_eq!(served.take("g", 10, &park), numbers(0..10));
    served.wait_until("g", "parked", &json!(5));
    let parked = served.json(&["subscription", "parked", "s", "g"]);
    let versions: Vec<_> =
        parked.as_array().unwrap().iter().map(|row| row["version"].clone()).collect();
    assert_eq!(versions, [1, 3, 5, 7, 9].map(Value::from));
    assert_eq!((&parked[0]["reason"], &parked[0]["type"]), (&json!("not today"), &json!("odd")));
    assert_eq!(served.ok(&["subscription", "parked", "s", "g", "-q", "-n", "2"]), "0\n1\n");

    let unsure = served.fails(2, &["subscription", "replay-parked", "s", "g"]);
    assert!(unsure.contains("5 of 5 parked events"), "{unsure}");
    served.ok(&["subscription", "replay-parked", "s", "g", "--count", "2", "--yes"]);
    assert_eq!(served.take("g", 2, &[]), [1, 3].map(Value::from));
    served.wait_until("g", "parked", &json!(3));
    served.ok(&["subscription", "discard-parked", "s", "g", "--yes"]);
    served.wait_until("g", "parked", &json!(0));
    assert_eq!(served.json(&["subscription", "parked", "s", "g"]), json!([]));
}

#[test]
fn an_event_that_is_given_back_comes_again_until_it_is_parked() {
    let served = Served::start();
    served.ok(&["subscription", "create", "s", "g", "--from", "9", "--max-retries", "2"]);
    assert_eq!(served.take("g", 3, &["--retry"]), [9, 9, 9].map(Value::from));
    served.wait_until("g", "parked", &json!(1));
    served.ok(&["append", "s", "t", "10"]);
    assert_eq!(served.take("g", 1, &["--skip"]), numbers(10..11));
}

#[test]
fn a_group_of_the_whole_store_has_its_filter_and_its_position() {
    let served = Served::start();
    let create = ["subscription", "create", "$all"];
    let consume = ["subscription", "consume", "$all"];
    let with = |args: [&'static str; 3], more: &[&'static str]| [&args[..], more].concat();
    served.ok(&with(create, &["types", "--filter-type", "ev,x"]));
    let even = served.json(&with(consume, &["types", "--limit", "5"]));
    assert_eq!(data(&even), [0, 2, 4, 6, 8].map(Value::from));
    served.ok(&with(create, &["regex", "--filter-stream-regex", "^s$", "--from", "7"]));
    let rest = served.json(&with(consume, &["regex", "--limit", "1"]));
    assert_eq!((&rest[0]["position"], &rest[0]["data"]), (&json!(7), &json!(7)));
    served.fails(2, &["subscription", "create", "s", "no", "--filter-type", "x"]);
    served.fails(2, &with(create, &["no", "--filter-type", "x", "--filter-stream", "y"]));
}

#[test]
fn any_url_of_a_server_will_do_and_a_store_will_not() {
    let served = Served::start();
    let create = |at: &str, group: &str| {
        served.annals.ok(&["subscription", "create", "s", group, "--at", at])
    };
    create(&served.at("kurrentdb"), "a");
    create(&served.at("esdb"), "b");
    create(&served.at("kurrentdb+discover"), "c");
    assert_eq!(served.ok(&["subscription", "ls", "-q"]), "s::a\ns::b\ns::c\n");
    served.ok(&["subscription", "restart"]);
    assert_eq!(served.ok(&["subscription", "ls", "-q"]), "s::a\ns::b\ns::c\n");
    let at = served.at("esdb");
    let args = ["subscription", "consume", "s", "b", "--limit", "1", "-o", "cloudevents"];
    let event = served.annals.ok(&[&args[..], &["--at", &at]].concat());
    assert!(event.contains("\"source\":\"kurrentdb://127.0.0.1:"), "{event}");

    let store = served.annals.fails(2, &["subscription", "ls", "--at", "file:./data"]);
    assert_eq!(store.lines().count(), 3, "{store}");
    assert!(store.contains("annals serve"), "{store}");
    let nobody = "esdb+discover://127.0.0.1:1?tls=false&maxDiscoverAttempts=1";
    let cluster = served.annals.fails(6, &["subscription", "ls", "--at", nobody]);
    assert!(cluster.contains("none of the servers"), "{cluster}");
}
