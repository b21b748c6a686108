//! The plans that PostgreSQL makes for the statements of the store, inside its functions too: its
//! module `auto_explain` writes them into the log, with what was really done.
//!
//! Each statement is prepared while the store is empty, as in a program that begins one.

use std::error::Error;

use annals_core::{Append, Backend, Category, ExpectedVersion, Query, QueryItem, StreamSelector};
use annals_postgres::{Options, Postgres};
use annals_testbed::postgres::{self as testbed, Durability};
use futures_lite::future::block_on;

use crate::{
    partitions,
    servers::Outcome,
    story::{EVENTS, event, event_type, read, read_stream, stream, tell, with_tag},
};

const STREAMS: usize = 400;
const PARTITIONS: u16 = 4;

/// A store, and the server that tells how it is read.
struct Bed {
    server: testbed::Postgres,
    store: Postgres,
}

/// A statement and how it was done.
struct Plan(String);

impl Bed {
    /// Does something on an empty store, then when there are events, and once more when PostgreSQL
    /// knows how many; gives those plans of the last two that touch events.
    fn plans(act: impl Fn(&Postgres)) -> Result<Vec<Plan>, Box<dyn Error>> {
        let bed = Self::begin()?;
        act(&bed.store);
        tell(&bed.store, 0..STREAMS);
        let mut plans = bed.plans_of(&act);
        bed.server.psql("analyze")?;
        plans.extend(bed.plans_of(&act));
        plans.retain(|plan| plan.0.contains(" on events_"));
        assert!(!plans.is_empty(), "something is looked up in the events");
        plans.iter().for_each(Plan::check_looked_up);
        block_on(bed.store.close())?;
        Ok(plans)
    }

    fn begin() -> Result<Self, Box<dyn Error>> {
        let settings = [
            ("session_preload_libraries", "auto_explain"),
            ("auto_explain.log_min_duration", "0"),
            ("auto_explain.log_nested_statements", "on"),
            ("auto_explain.log_analyze", "on"),
        ];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let options =
            testbed::Options { durability: Durability::Fast, settings, ..Default::default() };
        let server = testbed::Postgres::start(options)?;
        let options = Options { partitions: partitions(PARTITIONS), ..Options::default() };
        let store = block_on(Postgres::open(&server.url(), options))?;
        Ok(Self { server, store })
    }

    fn plans_of(&self, act: impl Fn(&Postgres)) -> Vec<Plan> {
        let before = self.server.log().len();
        act(&self.store);
        let log = self.server.log();
        let said = log.get(before..).unwrap_or_default();
        let plans = said.split("\tQuery Text: ").skip(1).map(|text| {
            let lines =
                text.lines().enumerate().take_while(|(n, l)| *n == 0 || l.starts_with('\t'));
            Plan(lines.map(|(_, line)| line).collect::<Vec<_>>().join("\n"))
        });
        plans.collect()
    }
}

impl Plan {
    /// Goes to a place in an index wherever it goes to events: no table and no index is walked from
    /// end to end.
    #[track_caller]
    fn check_looked_up(&self) {
        let mut lines = self.0.lines().peekable();
        while let Some(line) = lines.next() {
            let is_in_place = lines.peek().is_some_and(|next| next.contains("Index Cond:"));
            assert!(!line.contains(" on events_") || is_in_place, "{line} of {}", self.0);
        }
    }

    /// The lines that look into a partition through such an index, without those that PostgreSQL
    /// found out to be in vain before it began.
    fn looks(&self, index: &str) -> usize {
        let is_done = |line: &&str| line.contains(index) && !line.contains("(never executed)");
        self.0.lines().filter(|line| line.contains(" on events_")).filter(is_done).count()
    }

    /// Whether the rows of the innermost limit were sorted to find the first of them.
    fn sorts_below_a_limit(&self) -> bool {
        let depth = |line: &str| line.find("->").unwrap_or(usize::MAX);
        let Some((_, below)) = self.0.rsplit_once("->  Limit") else { return false };
        let limit = self.0.lines().rfind(|line| line.contains("->  Limit")).map_or(0, depth);
        let mut below = below.lines().skip(1).take_while(|line| depth(line) > limit);
        below.any(|line| line.contains("->  Sort") || line.contains("->  Incremental Sort"))
    }

    /// Merges one scan of each partition by an index, in order, and sorts nothing.
    #[track_caller]
    fn check_merged(&self, index: &str) {
        let plan = &self.0;
        assert!(plan.contains("->  Merge Append"), "{plan}");
        assert_eq!(self.looks(index), usize::from(PARTITIONS), "{plan}");
        assert!(!self.sorts_below_a_limit(), "{plan}");
    }
}

pub(crate) fn of_the_whole_store() -> Outcome {
    let plans = Bed::plans(|store| {
        read(store, Query::all(), 100);
    })?;
    plans.iter().for_each(|plan| plan.check_merged("_pkey on"));
    Ok(())
}

/// By a type or a category: an index of each partition gives their positions in order. The events
/// at those positions, and at those of a tag, are then looked up in every partition.
pub(crate) fn of_queries() -> Outcome {
    let types = Query::any_of([QueryItem::types([event_type("Opened")])])?;
    let category = Query::any_of([QueryItem::category(Category::new("account")?)])?;
    for query in [types, category] {
        let plans = Bed::plans(|store| {
            read(store, query.clone(), 20);
        })?;
        for plan in &plans {
            assert!(plan.0.contains("->  Merge Append"), "{}", plan.0);
            assert!(!plan.sorts_below_a_limit(), "{}", plan.0);
        }
    }
    let plans = Bed::plans(|store| {
        read(store, with_tag("owner:7"), 20);
    })?;
    for plan in &plans {
        assert!(plan.0.contains("using event_tags_pkey"), "{}", plan.0);
        assert_eq!(plan.looks("_pkey on"), usize::from(PARTITIONS), "{}", plan.0);
    }
    Ok(())
}

pub(crate) fn of_a_stream() -> Outcome {
    let plans = Bed::plans(|store| {
        if block_on(store.head()).unwrap().is_some() {
            assert_eq!(read_stream(store, 7), EVENTS);
        }
    })?;
    for plan in &plans {
        assert_eq!(plan.looks("_stream_id_version_key on"), 1, "{}", plan.0);
        assert_eq!(plan.looks(""), 1, "{}", plan.0);
    }
    // The same among the items of a query; the events are then looked up by position.
    let one = QueryItem { streams: vec![StreamSelector::Stream(stream(7))], ..Default::default() };
    let query = Query::any_of([one])?;
    let plans = Bed::plans(|store| {
        read(store, query.clone(), 100);
    })?;
    for plan in plans.iter().filter(|plan| plan.0.contains("stream_id")) {
        assert_eq!(plan.looks("_stream_id_version_key on"), 1, "{}", plan.0);
    }
    Ok(())
}

pub(crate) fn of_appends() -> Outcome {
    let plans = Bed::plans(|store| {
        for number in [STREAMS + 1, STREAMS + 2] {
            let any = |number| Append::to(stream(number), ExpectedVersion::Any, [event(number)]);
            block_on(store.append(any(number))).unwrap();
            let types = Query::any_of([QueryItem::types([event_type("Missing")])]).unwrap();
            block_on(store.append(any(number).unless(types, None))).unwrap();
            block_on(store.append(any(number).unless(with_tag("missing"), None))).unwrap();
        }
    })?;
    let of_ids: Vec<_> = plans.iter().filter(|plan| plan.0.contains("e.event_id = id")).collect();
    assert!(!of_ids.is_empty(), "ids that are known are looked for");
    for plan in of_ids {
        assert_eq!((plan.looks("_event_id_idx on"), plan.looks("")), (1, 1), "{}", plan.0);
    }
    let of_types: Vec<_> =
        plans.iter().filter(|plan| plan.0.contains("e.event_type = one.event_type")).collect();
    assert!(!of_types.is_empty(), "conditions are looked at");
    of_types.iter().for_each(|plan| plan.check_merged(""));
    Ok(())
}
