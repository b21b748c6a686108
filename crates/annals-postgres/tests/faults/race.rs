//! Conditions under race where the role asks for another isolation level than the store relies on.

use annals_postgres::Options;

use crate::{
    bed::Bed,
    processes::{Other, check_answers},
    session::Session,
    words::{all, check_order},
};

pub(crate) fn under_serializable(bed: &Bed) -> Option<String> {
    race(bed, "serializable")
}

pub(crate) fn under_repeatable_read(bed: &Bed) -> Option<String> {
    race(bed, "repeatable read")
}

fn race(bed: &Bed, isolation: &str) -> Option<String> {
    let place = bed.store(Options::default());
    let role = format!("racer_{}", isolation.replace(' ', "_"));
    Session::open(&place.url, "operator").run(&format!(
        "CREATE ROLE {role} LOGIN SUPERUSER; \
         ALTER ROLE {role} SET default_transaction_isolation = '{isolation}'"
    ));
    let url = place.url.replace("annals@", &format!("{role}@"));
    let racer = Session::open(&url, "racer");
    assert_eq!(racer.ask("SHOW default_transaction_isolation"), isolation);
    let start = |number| Other::start(&place, &url, &format!("write {number} 4 16"));
    let mut writers: Vec<Other> = (0..3).map(start).collect();
    writers.iter_mut().for_each(Other::finish);
    let stored = all(&*place);
    check_order(&stored);
    let said: Vec<String> = writers.iter().flat_map(Other::lines).collect();
    assert_eq!(said.len(), 3 * 4 * 16, "every request has its answer");
    check_answers(&said, &stored);
    None
}
