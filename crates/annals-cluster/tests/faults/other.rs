//! A node in another process, seen from here: requests as lines to it, answers as lines from it.

use std::{
    collections::HashMap,
    env,
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
};

use annals_core::{Append, Appended, Error, ErrorKind, Result};
use annals_engine::Command as Asked;
use parking_lot::Mutex;

use crate::child::{self, Answer};

/// A node in another process. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Other {
    child: Mutex<Child>,
    asking: Mutex<Option<ChildStdin>>,
    waiting: Arc<Mutex<Waiting>>,
    reading: Mutex<Option<JoinHandle<()>>>,
    next: AtomicU64,
}

#[derive(Debug, Default)]
struct Waiting {
    answers: HashMap<u64, oneshot::Sender<Answer>>,
    is_over: bool,
}

impl Other {
    /// Starts it on its folder, and waits until it has caught up.
    ///
    /// # Errors
    /// What it says when it does not start.
    pub(crate) fn start(url: &str) -> Result<Self, String> {
        let mut child = Command::new(env::current_exe().unwrap())
            .env(child::URL, url)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let asking = Mutex::new(child.stdin.take());
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        said.read_line(&mut first).unwrap();
        if first.trim() != child::READY {
            child.wait().unwrap();
            return Err(first.trim().to_owned());
        }
        let waiting = Arc::<Mutex<Waiting>>::default();
        let theirs = Arc::clone(&waiting);
        let reading = thread::spawn(move || read(said, &theirs));
        let reading = Mutex::new(Some(reading));
        Ok(Self { child: Mutex::new(child), asking, waiting, reading, next: AtomicU64::new(0) })
    }

    pub(crate) async fn append(&self, append: Append) -> Result<Appended> {
        let streams: Vec<_> = append.writes.iter().map(|write| write.stream.clone()).collect();
        let answer = self.ask(append)?.await.map_err(|_| ended())?;
        answer.read(streams)
    }

    fn ask(&self, append: Append) -> Result<oneshot::Receiver<Answer>> {
        let (answer, answered) = oneshot::channel();
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        {
            let mut waiting = self.waiting.lock();
            if waiting.is_over {
                return Err(ended());
            }
            waiting.answers.insert(number, answer);
        }
        let mut command = Vec::new();
        Asked::Append(append).encode(&mut command);
        let line = format!("{number} {}\n", child::to_hex(&command));
        let mut asking = self.asking.lock();
        let pipe = asking.as_mut().ok_or_else(ended)?;
        pipe.write_all(line.as_bytes()).map_err(|_| ended())?;
        Ok(answered)
    }

    /// Ends it with SIGKILL, wherever it is, and waits until it is gone.
    pub(crate) fn kill(&self) {
        self.child.lock().kill().unwrap();
        self.gone();
    }

    /// Ends it in order.
    pub(crate) fn close(&self) {
        self.asking.lock().take();
        self.gone();
    }

    fn gone(&self) {
        self.child.lock().wait().unwrap();
        if let Some(reading) = self.reading.lock().take() {
            reading.join().unwrap();
        }
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        // Where a case failed, its node ends with it.
        drop(self.child.lock().kill());
        drop(self.child.lock().wait());
    }
}

fn read(said: impl BufRead, waiting: &Mutex<Waiting>) {
    // A line that a kill has cut in two is no answer.
    for line in said.lines().map_while(std::result::Result::ok) {
        let Some((number, answer)) = child::read_answer(&line) else { continue };
        if let Some(asked) = waiting.lock().answers.remove(&number) {
            // Who has gone away does not want to know.
            drop(asked.send(answer));
        }
    }
    let mut waiting = waiting.lock();
    waiting.is_over = true;
    waiting.answers.clear();
}

fn ended() -> Error {
    Error::new(ErrorKind::Unavailable, "the node's process has ended")
}
