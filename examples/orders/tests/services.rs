//! The order service and the payment service as two programs over one PostgreSQL, one of them
//! killed on the way.

#![allow(clippy::expect_used, reason = "a test fails by panicking with a message")]

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, Command, ExitCode, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use annals_testbed::{
    is_required,
    postgres::{Durability, Options, Postgres, shared_url},
};
use libtest_mimic::{Arguments, Completion, Trial};

/// A service that is told what to do and says what happens.
struct Service {
    child: Child,
    input: ChildStdin,
    /// What it says, line by line.
    output: Receiver<String>,
}

/// Far more than anything here takes on a busy machine.
const DEADLINE: Duration = Duration::from_secs(60);

impl Service {
    fn start(program: &str, url: &str) -> Self {
        let mut command = Command::new(program);
        command.arg(url).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the service starts");
        let input = child.stdin.take().expect("its input is piped");
        let lines = BufReader::new(child.stdout.take().expect("its output is piped")).lines();
        let (heard, output) = channel();
        // Ends with the service, or when nobody listens any more.
        thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| heard.send(line)));
        let service = Self { child, input, output };
        service.says("ready");
        service
    }

    fn order_service(url: &str) -> Self {
        Self::start(env!("CARGO_BIN_EXE_order_service"), url)
    }

    fn payment_service(url: &str) -> Self {
        Self::start(env!("CARGO_BIN_EXE_payment_service"), url)
    }

    fn tell(&mut self, line: &str) {
        writeln!(self.input, "{line}").expect("the service listens");
    }

    /// Waits until the service says this, whatever it says before.
    fn says(&self, wanted: &str) {
        let mut heard = Vec::new();
        while let Ok(line) = self.output.recv_timeout(DEADLINE) {
            if line == wanted {
                return;
            }
            heard.push(line);
        }
        panic!("the service did not say `{wanted}`; it said {heard:?}");
    }

    fn kill(mut self) {
        self.child.kill().expect("the service can be killed");
        self.child.wait().expect("the service ends");
    }

    /// Ends its input, and waits until it stops by itself.
    fn stop(self) {
        let Self { mut child, input, .. } = self;
        drop(input);
        assert!(child.wait().expect("the service ends").success());
    }
}

fn orders_are_paid_and_shipped_by_two_programs_also_when_one_is_killed(url: &str) {
    let schema = format!("services_{}", uuid::Uuid::now_v7().simple());
    let url = format!("{url}?schema={schema}");
    let mut orders = Service::order_service(&url);
    let mut payments = Service::payment_service(&url);

    orders.tell("place 1 Ann 4990");
    payments.says("order 1: 4990 cents due");
    payments.tell("pay 1");
    orders.says("order 1: shipped");

    // Nobody asks for money now; nothing is forgotten.
    payments.kill();
    orders.tell("place 2 Bob 500000");
    orders.tell("place 3 Cay 2000");
    orders.says("order 3: placed by Cay for 2000 cents");

    let mut payments = Service::payment_service(&url);
    orders.says("order 2: cancelled, over the limit");
    payments.says("order 3: 2000 cents due");
    payments.tell("pay 3");
    orders.says("order 3: shipped");
    payments.tell("pay 3");
    payments.says("`pay 3`: refused: nothing is due");

    payments.stop();
    orders.stop();
}

fn main() -> ExitCode {
    let mut own = None;
    let url = shared_url().map_or_else(
        || {
            let options = Options { durability: Durability::Fast, ..Options::default() };
            let server = Postgres::start(options).map_err(|problem| problem.to_string())?;
            Ok(own.insert(server).url())
        },
        Ok::<_, String>,
    );
    let name = "orders_are_paid_and_shipped_by_two_programs_also_when_one_is_killed";
    let trial = Trial::ignorable_test(name, move || match url {
        Ok(url) => {
            orders_are_paid_and_shipped_by_two_programs_also_when_one_is_killed(&url);
            Ok(Completion::Completed)
        }
        Err(problem) if is_required("postgres") => Err(problem.into()),
        Err(problem) => Ok(Completion::ignored_with(problem)),
    });
    libtest_mimic::run(&Arguments::from_args(), vec![trial]).exit_code()
}
