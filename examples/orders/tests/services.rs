//! The order service and the payment service as two programs, one of them killed on the way: over
//! one PostgreSQL, and on two nodes of a cluster.

#![allow(clippy::expect_used, reason = "a test fails by panicking with a message")]

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, Command, ExitCode, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use annals::cluster::{
    Genesis, begin,
    log::JetStreamLog,
    setup::{Replicas, Setup, init},
    url::Target,
};
use annals_testbed::{
    is_required, nats,
    postgres::{Durability, Options, Postgres, shared_url},
};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use tokio::runtime::Runtime;

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

/// The URL that each of them opens the store by.
struct Urls {
    orders: String,
    payments: String,
}

fn orders_are_paid_and_shipped_by_two_programs_also_when_one_is_killed(urls: &Urls) {
    let mut orders = Service::order_service(&urls.orders);
    let mut payments = Service::payment_service(&urls.payments);

    orders.tell("place 1 Ann 4990");
    payments.says("order 1: 4990 cents due");
    payments.tell("pay 1");
    orders.says("order 1: shipped");

    // Nobody asks for money now; nothing is forgotten.
    payments.kill();
    orders.tell("place 2 Bob 500000");
    orders.tell("place 3 Cay 2000");
    orders.says("order 3: placed by Cay for 2000 cents");

    let mut payments = Service::payment_service(&urls.payments);
    orders.says("order 2: cancelled, over the limit");
    payments.says("order 3: 2000 cents due");
    payments.tell("pay 3");
    orders.says("order 3: shipped");
    payments.tell("pay 3");
    payments.says("`pay 3`: refused: nothing is due");

    payments.stop();
    orders.stop();
}

/// Both in one schema.
fn on_postgres() -> Result<Completion, Failed> {
    let mut own = None;
    let url = shared_url().map_or_else(
        || {
            let options = Options { durability: Durability::Fast, ..Options::default() };
            let server = Postgres::start(options).map_err(|problem| problem.to_string())?;
            Ok(own.insert(server).url())
        },
        Ok::<_, String>,
    );
    let url = match url {
        Ok(url) => url,
        Err(problem) if is_required("postgres") => return Err(problem.into()),
        Err(problem) => return Ok(Completion::ignored_with(problem)),
    };
    let url = format!("{url}?schema=services_{}", uuid::Uuid::now_v7().simple());
    let urls = Urls { orders: url.clone(), payments: url };
    orders_are_paid_and_shipped_by_two_programs_also_when_one_is_killed(&urls);
    Ok(Completion::Completed)
}

/// Each on a node of its own, with the log on three servers.
fn on_two_nodes() -> Result<Completion, Failed> {
    if let Err(reason) = nats::Installation::find()
        && !is_required("nats")
    {
        return Ok(Completion::ignored_with(reason));
    }
    let servers = nats::Cluster::start(&nats::Options::default());
    let servers = servers.map_err(|problem| problem.to_string())?;
    let hosts: Vec<_> = servers.urls().iter().map(|url| url.replace("nats://", "")).collect();
    let folder = tempfile::tempdir()?;
    let url = |node: &str| {
        format!("nats://{}/shop?dir={}", hosts.join(","), folder.path().join(node).display())
    };
    let urls = Urls { orders: url("orders"), payments: url("payments") };
    let target: Target = urls.orders.parse()?;
    Runtime::new()?.block_on(async {
        init(&target, &Setup { replicas: Replicas::Three, bytes_max: None }).await?;
        begin(&JetStreamLog::connect(&target, "test").await?, &Genesis::new()).await
    })?;
    orders_are_paid_and_shipped_by_two_programs_also_when_one_is_killed(&urls);
    Ok(Completion::Completed)
}

fn main() -> ExitCode {
    let name = "orders_are_paid_and_shipped_by_two_programs_also_when_one_is_killed";
    let trials = vec![
        Trial::ignorable_test(format!("postgres::{name}"), on_postgres),
        Trial::ignorable_test(format!("nats::{name}"), on_two_nodes),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
