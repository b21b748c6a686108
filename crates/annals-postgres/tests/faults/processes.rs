//! Many processes on one store, some of them killed, some of their sessions ended from outside.

use std::{
    collections::HashMap,
    env,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
};

use annals_core::RecordedEvent;
use annals_postgres::Options;
use annals_testbed::wait_until;

use crate::{
    bed::{Bed, Place},
    crowd,
    session::Session,
    words::{all, check_order},
};

/// Processes, writers in each, and what each writer asks for.
const PROCESSES: usize = 4;
const WRITERS: usize = 8;
const COUNT: usize = 24;

pub(crate) fn agree_on_one_order(bed: &Bed) -> Option<String> {
    let place = bed.store(Options::default());
    let mut readers = vec![Other::start(&place, &place.url, "follow one")];
    readers.push(Other::start(&place, &place.url, "follow two"));
    let mut writers: Vec<Other> = (0..PROCESSES)
        .map(|number| {
            let role = format!("write {number} {WRITERS} {COUNT}");
            Other::start(&place, &place.url, &role)
        })
        .collect();
    let stranger = Session::open(&place.url, "operator");
    let end_sessions = || {
        stranger.run(&format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE application_name = '{}'",
            place.schema()
        ));
    };
    reach(&writers, 80);
    writers[0].kill();
    end_sessions();
    reach(&writers, 200);
    wait_until("a reader is under way", || readers[1].lines().len() > 60).unwrap();
    readers[1].kill();
    end_sessions();
    readers.push(Other::start(&place, &place.url, "follow two"));
    reach(&writers, 320);
    writers[1].kill();
    end_sessions();
    writers.iter_mut().skip(2).for_each(Other::finish);
    let stored = all(&*place);
    check_order(&stored);
    let said: Vec<String> = writers.iter().flat_map(Other::lines).collect();
    check_answers(&said, &stored);
    check_readers(&mut readers, stored.len());
    None
}

/// Waits until so many appends are acknowledged.
fn reach(writers: &[Other], count: usize) {
    wait_until(&format!("{count} appends are acknowledged"), || {
        let lines = writers.iter().flat_map(Other::lines);
        lines.filter(|line| line.starts_with("stored")).count() >= count
    })
    .unwrap();
}

/// Every acknowledged append is there once, where its answer says; none is there in part; no
/// refused one is there; versions are dense; no seat is taken twice.
pub(crate) fn check_answers(said: &[String], stored: &[RecordedEvent]) {
    let mut requests: HashMap<&str, Vec<u64>> = HashMap::new();
    let mut seats: HashMap<&str, u32> = HashMap::new();
    let mut versions: HashMap<&str, u64> = HashMap::new();
    for event in stored {
        let next = versions.entry(event.stream.as_str()).or_default();
        assert_eq!(event.version.get(), *next, "versions of {} are dense", event.stream);
        *next += 1;
        for tag in event.tags.as_slice() {
            match tag.as_str().split_once(':').unwrap() {
                ("seat", seat) => *seats.entry(seat).or_default() += 1,
                (_, request) => requests.entry(request).or_default().push(event.position.get()),
            }
        }
    }
    assert!(seats.values().all(|taken| *taken == 1), "each seat is taken once: {seats:?}");
    for (request, positions) in &requests {
        let (_, number) = request.split_once('/').unwrap();
        let whole = if number.parse::<u64>().unwrap() % 4 == 3 { 2 } else { 1 };
        assert_eq!(positions.len(), whole, "{request} is stored whole and once: {positions:?}");
        assert_eq!(positions[0] + whole as u64 - 1, *positions.last().unwrap(), "{request}");
    }
    let mut answered = 0;
    for line in said {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["stored", request, position] => {
                answered += 1;
                let last = requests.get(request).and_then(|positions| positions.last());
                assert_eq!(last.map(u64::to_string).as_deref(), Some(position), "{line}");
            }
            ["refused", request] => assert!(!requests.contains_key(request), "{line}"),
            _ => panic!("a writer says `{line}`"),
        }
    }
    assert!(answered > 0 && !seats.is_empty(), "something was acknowledged");
}

/// Each reader sees every position from where it began, in order and once.
fn check_readers(readers: &mut [Other], count: usize) {
    let last = format!("sees {}", count - 1);
    for reader in [0, 2].map(|number| &readers[number]) {
        wait_until("a reader has seen everything", || reader.lines().contains(&last)).unwrap();
    }
    let begins = readers.iter_mut().map(|reader| {
        reader.kill();
        reader.check_sees_in_order()
    });
    let begins: Vec<(u64, u64)> = begins.collect();
    let [(one, _), (two, seen_before), (again, _)] = begins[..] else { panic!("three readers") };
    assert_eq!((one, two), (0, 0));
    assert!(again > 0, "the restarted reader begins at its checkpoint");
    assert!(again <= seen_before, "nothing is left out between {seen_before} and {again}");
}

/// Another process.
pub(crate) struct Other {
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
    reading: Option<thread::JoinHandle<()>>,
}

impl Other {
    /// Starts it in a role; its sessions are named after the schema of the store.
    pub(crate) fn start(place: &Place, url: &str, role: &str) -> Self {
        let url = format!("{url}?application_name={}", place.schema());
        let mut child = Command::new(env::current_exe().unwrap())
            .env(crowd::ROLE, role)
            .env(crowd::URL, url)
            .env(crowd::SCHEMA, place.schema())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let output = BufReader::new(child.stdout.take().unwrap());
        let kept = Arc::clone(&lines);
        let reading = thread::spawn(move || {
            // A line is written at once, so that a kill cuts none in two.
            for line in output.split(b'\n').map_while(Result::ok) {
                kept.lock().unwrap().push(String::from_utf8(line).unwrap());
            }
        });
        Self { child, lines, reading: Some(reading) }
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    /// Ends it at once, if it has not ended already.
    fn kill(&mut self) {
        if let Some(reading) = self.reading.take() {
            self.child.kill().unwrap();
            self.child.wait().unwrap();
            reading.join().unwrap();
        }
    }

    /// Waits until it has done its part.
    pub(crate) fn finish(&mut self) {
        assert!(self.child.wait().unwrap().success());
        self.reading.take().unwrap().join().unwrap();
    }

    /// The first position it saw and the one after the last.
    fn check_sees_in_order(&self) -> (u64, u64) {
        let lines = self.lines();
        let position = |line: &String| line.strip_prefix("sees ")?.parse().ok();
        let seen: Vec<u64> = lines.iter().filter_map(position).collect();
        assert_eq!(seen.len() + 1, lines.len(), "a reader only sees events: {lines:?}");
        assert!(seen.windows(2).all(|pair| pair[0] + 1 == pair[1]), "dense and ascending");
        (seen[0], seen.last().unwrap() + 1)
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        // Where a case failed, its processes end with it.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
