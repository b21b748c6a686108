//! Projections in the transaction of the append, on PostgreSQL.

#![allow(clippy::unwrap_used, reason = "a test ends at what is not there")]

use std::{
    env,
    io::{BufRead, BufReader},
    process::{Command, ExitCode, Stdio},
    sync::Arc,
    time::Duration,
};

use annals::{
    postgres::{Options, Postgres},
    *,
};
use annals_testbed::{
    is_required,
    postgres::{self as testbed, Durability, shared_url},
};
use futures_lite::future::block_on;
use libtest_mimic::{Arguments, Completion, Trial};
use serde::{Deserialize, Serialize};

/// Longer than anything takes here, so that a hang is seen as one.
const LONG: Duration = Duration::from_secs(30);
/// Tells the other program where its store is.
const URL: &str = "ANNALS_TEST_INLINE_URL";
const SCHEMA: &str = "ANNALS_TEST_INLINE_SCHEMA";

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(name = "bank.deposited")]
struct Deposited {
    account: String,
    cents: i64,
}

/// Sums and numbers of deposits. It takes none of 13 cents.
struct Balances;

#[projection(name = "balances", version = 1)]
impl Projection for Balances {
    type Event = Deposited;
    type Store = PostgresTables;
    const TABLES: &'static [&'static str] = &["balances"];

    async fn create(&self, tx: &mut PostgresTx) -> Result<(), BoxError> {
        let table = tx.table("balances");
        let columns = "account text PRIMARY KEY, cents bigint, events bigint";
        Ok(tx.batch(&format!("CREATE TABLE {table} ({columns})")).await?)
    }

    async fn apply(
        &self,
        event: &Recorded<Deposited>,
        tx: &mut PostgresTx,
    ) -> Result<(), BoxError> {
        let Deposited { account, cents } = &event.event;
        let sql = format!(
            "INSERT INTO {} AS b VALUES ($1, $2, 1) ON CONFLICT (account) DO UPDATE \
             SET cents = b.cents + excluded.cents, events = b.events + 1",
            tx.table("balances")
        );
        tx.execute(&sql, &[account, cents]).await?;
        // After the write, so that a missing rollback shows.
        if *cents == 13 { Err("no luck".into()) } else { Ok(()) }
    }
}

/// A schema of a server.
#[derive(Clone)]
struct Place {
    url: String,
    schema: String,
}

impl Place {
    fn new(url: &str) -> Self {
        let schema = format!("inline_{}", EventId::random()).replace('-', "");
        Self { url: url.to_owned(), schema }
    }

    fn open(&self) -> Postgres {
        let options = Options { schema: self.schema.clone(), ..Options::default() };
        block_on(Postgres::open(&self.url, options)).unwrap()
    }
}

/// An application whose model has been built.
fn start(store: &Postgres, tables: &PostgresTables, run: Run<Deposited>) -> Annals {
    let builder = Annals::builder().projection(Balances, tables, run);
    let app = builder.build(Arc::new(store.clone())).unwrap();
    block_on(app.projection::<Balances>().unwrap().switched(&model_of(0), LONG)).unwrap();
    app
}

fn number(tables: &PostgresTables, sql: &str) -> i64 {
    block_on(async {
        let row = tables.read().await.unwrap().query_opt(sql, &[]).await.unwrap();
        row.unwrap().get(0)
    })
}

/// How many deposits are in the model, and how many are in the store, at one moment.
fn counts(tables: &PostgresTables) -> (i64, i64) {
    let model = "SELECT coalesce(sum(events), 0)::bigint FROM balances";
    let both = format!("SELECT ({model}) * 1000000 + (SELECT count(*) FROM events)");
    let both = number(tables, &both);
    (both / 1_000_000, both % 1_000_000)
}

fn deposit(store: &Postgres, account: &str, cents: i64) -> Result<Appended> {
    let event = Deposited { account: account.to_owned(), cents };
    let new = NewEvent::new(EventType::new("bank.deposited")?, event.encode()?);
    let stream = StreamName::new(format!("account-{account}"))?;
    block_on(store.append(Append::to(stream, ExpectedVersion::Any, [new])))
}

fn the_model_is_there_when_the_append_returns(url: &str) {
    let store = Place::new(url).open();
    let tables = PostgresTables::of(&store);
    deposit(&store, "ann", 5).unwrap();
    let app = start(&store, &tables, Run::inline());
    for cents in 1..50 {
        deposit(&store, "ann", cents * 100).unwrap();
        assert_eq!(number(&tables, "SELECT events FROM balances"), cents + 1);
    }
    block_on(app.stop()).unwrap();
    deposit(&store, "ann", 1).unwrap();
    assert_eq!(counts(&tables), (51, 51));
}

fn a_projection_that_fails_refuses_its_append_and_no_other(url: &str) {
    let store = Place::new(url).open();
    let tables = PostgresTables::of(&store);
    let _app = start(&store, &tables, Run::inline());
    std::thread::scope(|scope| {
        for number in 0..24 {
            let store = &store;
            scope.spawn(move || {
                for turn in 0..5 {
                    let is_bad = (number + turn) % 4 == 0;
                    let done = deposit(store, &format!("a{number}"), if is_bad { 13 } else { 1 });
                    match done {
                        Ok(_) => assert!(!is_bad),
                        Err(error) => {
                            assert!(is_bad, "{error}");
                            assert_eq!(error.kind(), ErrorKind::Application);
                            assert!(error.to_string().contains("no luck"), "{error}");
                        }
                    }
                }
            });
        }
    });
    let stored = number(&tables, "SELECT count(*) FROM events");
    assert_eq!(stored, 24 * 5 * 3 / 4);
    assert_eq!(number(&tables, "SELECT max(global_position) + 1 FROM events"), stored);
    assert_eq!(number(&tables, "SELECT sum(cents)::bigint FROM balances"), stored);
}

fn racing_programs_count_each_event_once(url: &str) {
    let place = Place::new(url);
    let stores = [place.open(), place.open(), place.open()];
    let tables = PostgresTables::of(&stores[0]);
    // The third does not have the projection.
    let apps: Vec<_> =
        stores[..2].iter().map(|s| start(s, &PostgresTables::of(s), Run::inline())).collect();
    std::thread::scope(|scope| {
        for store in &stores {
            for account in ["ann", "bob"] {
                scope
                    .spawn(move || (0..60).for_each(|_| drop(deposit(store, account, 1).unwrap())));
            }
        }
    });
    block_on(apps[0].projection::<Balances>().unwrap().fresh(LONG)).unwrap();
    assert_eq!(counts(&tables), (360, 360));
    deposit(&stores[2], "eve", 1).unwrap();
    deposit(&stores[0], "eve", 1).unwrap();
    assert_eq!(counts(&tables), (362, 362));
}

fn a_rebuild_switches_while_appends_go_on(url: &str) {
    let store = Place::new(url).open();
    let tables = PostgresTables::of(&store);
    (0..200).for_each(|_| drop(deposit(&store, "ann", 1).unwrap()));
    let app = start(&store, &tables, Run::inline());
    let handle = app.projection::<Balances>().unwrap();
    for generation in 1..4 {
        let model = block_on(handle.rebuild()).unwrap();
        assert_eq!(model.generation, generation);
        let mut switched = Err(Error::invalid("not yet"));
        while switched.is_err() {
            deposit(&store, "bob", 1).unwrap();
            let (model, stored) = counts(&tables);
            assert_eq!(model, stored);
            switched = block_on(handle.switched(&model_of(generation), Duration::from_millis(5)));
        }
    }
    assert_eq!(block_on(handle.drop_old()).unwrap().len(), 3);
    deposit(&store, "bob", 1).unwrap();
    let (model, stored) = counts(&tables);
    assert_eq!(model, stored);
}

fn model_of(generation: u32) -> Model {
    Model { projection: "balances".into(), version: 1, generation }
}

fn tables_elsewhere_are_refused_when_the_application_is_built(url: &str) {
    let store = Place::new(url).open();
    let tables = PostgresTables::of(&Place::new(url).open());
    let projection = Annals::builder().projection(Balances, &tables, Run::inline());
    let view = Annals::builder().view::<Account>(&tables, Run::inline());
    for builder in [projection, view] {
        let error = builder.build(Arc::new(store.clone())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.to_string().contains("PostgresTables::of"), "{error}");
    }
    // Nothing of what was refused is left behind.
    deposit(&store, "ann", 1).unwrap();
    let background = Annals::builder().projection(Balances, &tables, Run::background());
    let app = background.build(Arc::new(store.clone())).unwrap();
    block_on(app.projection::<Balances>().unwrap().fresh(LONG)).unwrap();
    assert_eq!(number(&tables, "SELECT sum(events)::bigint FROM balances"), 1);
}

/// A document for each account. There is none of 99 cents or more.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Account {
    cents: i64,
    deposits: u32,
}

#[view(name = "accounts", version = 1)]
impl View for Account {
    type Key = String;
    type Event = Deposited;

    fn route(event: &Recorded<Deposited>) -> Keys<String> {
        event.event.account.clone().into()
    }

    fn apply(&mut self, event: &Recorded<Deposited>) -> Keep {
        assert!(event.event.cents != 13, "no luck");
        (self.cents, self.deposits) = (self.cents + event.event.cents, self.deposits + 1);
        if self.cents < 99 { Keep::Keep } else { Keep::Delete }
    }
}

fn documents_are_there_when_the_append_returns(url: &str) {
    let store = Place::new(url).open();
    let tables = PostgresTables::of(&store);
    deposit(&store, "ann", 5).unwrap();
    let app = Annals::builder().view::<Account>(&tables, Run::inline());
    let app = app.build(Arc::new(store.clone())).unwrap();
    let view = app.view::<Account>();
    let model = Model { projection: "accounts".into(), version: 1, generation: 0 };
    block_on(view.projection().unwrap().switched(&model, LONG)).unwrap();
    let of = |account: &str| block_on(async { view.get(&account.to_owned()).await }).unwrap();
    for deposits in 2..20 {
        deposit(&store, "ann", 1).unwrap();
        assert_eq!(of("ann"), Some(Account { cents: 4 + i64::from(deposits), deposits }));
    }
    let refused = deposit(&store, "ann", 13).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Application);
    assert!(refused.to_string().contains("no luck"), "{refused}");
    assert_eq!(of("ann"), Some(Account { cents: 23, deposits: 19 }));
    assert_eq!(number(&tables, "SELECT count(*) FROM events"), 19);
    deposit(&store, "bob", 1).unwrap();
    deposit(&store, "ann", 77).unwrap();
    assert_eq!((of("ann"), of("bob")), (None, Some(Account { cents: 1, deposits: 1 })));
    let sql = "SELECT (document ->> 'cents')::bigint FROM accounts WHERE key = 'bob'";
    assert_eq!(number(&tables, sql), 1);
}

fn a_killed_program_leaves_events_and_model_together(url: &str) {
    let place = Place::new(url);
    let store = place.open();
    let tables = PostgresTables::of(&store);
    block_on(start(&store, &tables, Run::inline()).stop()).unwrap();
    for round in 1..6 {
        let mut other = Command::new(env::current_exe().unwrap())
            .env(URL, &place.url)
            .env(SCHEMA, &place.schema)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(other.stdout.take().unwrap()).lines();
        assert_eq!(lines.take(round * 7).count(), round * 7);
        other.kill().unwrap();
        other.wait().unwrap();
        let (model, stored) = counts(&tables);
        assert_eq!(model, stored, "round {round}");
        assert!(stored >= 7);
    }
}

/// What the other program does: appends without end, and says so each time.
fn append_without_end(place: &Place) -> ! {
    let store = place.open();
    let tables = PostgresTables::of(&store);
    let _app = Annals::builder()
        .projection(Balances, &tables, Run::inline())
        .build(Arc::new(store.clone()))
        .unwrap();
    loop {
        deposit(&store, "ann", 1).unwrap();
        println!("deposited");
    }
}

type Test = fn(&str);

const TESTS: &[(&str, Test)] = &[
    ("the_model_is_there_when_the_append_returns", the_model_is_there_when_the_append_returns),
    (
        "a_projection_that_fails_refuses_its_append_and_no_other",
        a_projection_that_fails_refuses_its_append_and_no_other,
    ),
    ("racing_programs_count_each_event_once", racing_programs_count_each_event_once),
    ("a_rebuild_switches_while_appends_go_on", a_rebuild_switches_while_appends_go_on),
    (
        "tables_elsewhere_are_refused_when_the_application_is_built",
        tables_elsewhere_are_refused_when_the_application_is_built,
    ),
    ("documents_are_there_when_the_append_returns", documents_are_there_when_the_append_returns),
    (
        "a_killed_program_leaves_events_and_model_together",
        a_killed_program_leaves_events_and_model_together,
    ),
];

fn main() -> ExitCode {
    if let (Ok(url), Ok(schema)) = (env::var(URL), env::var(SCHEMA)) {
        append_without_end(&Place { url, schema });
    }
    // A server of our own where the run of the tests brings none; it ends with this.
    let mut own = None;
    let url = shared_url().map_or_else(
        || {
            let options =
                testbed::Options { durability: Durability::Fast, ..testbed::Options::default() };
            let server =
                testbed::Postgres::start(options).map_err(|problem| problem.to_string())?;
            Ok(own.insert(server).url())
        },
        Ok,
    );
    let trials = TESTS.iter().map(|(name, test)| trial(name, *test, url.clone())).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn trial(name: &str, test: Test, url: Result<String, String>) -> Trial {
    Trial::ignorable_test(name.to_owned(), move || match url {
        Ok(url) => {
            test(&url);
            Ok(Completion::Completed)
        }
        Err(reason) if is_required("postgres") => Err(reason.into()),
        Err(reason) => Ok(Completion::ignored_with(reason)),
    })
}
