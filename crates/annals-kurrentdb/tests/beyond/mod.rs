//! Cases of the suite that the protocol has no words for, with what it lacks.

use annals_testkit::Case;

const STATE: &str = "there is no state beside the events";
const TIMES: &str = "events have no time of the writer's own";
const FORMS: &str = "events have no schema version, and are JSON or plain bytes";
const CORRELATION: &str = "no filter looks into the metadata";
const COUNTS: &str = "the server tells no counts and no identity";
const DELETED: &str = "of a deleted stream the last version is not told";
const RETRIES: &str = "an answer does not tell whether the events were there before";

/// All cases of these topics.
const TOPICS: &[(&str, &str)] = &[("state", STATE), ("checkpoints", STATE), ("races_state", STATE)];

const CASES: &[(&str, &str, &str)] = &[
    ("closing", "writes_are_refused", STATE),
    ("closing", "reads_are_refused", STATE),
    ("closing", "questions_are_refused", STATE),
    ("closing", "a_new_subscription_ends_at_once", STATE),
    ("closing", "closing_again_is_no_error", STATE),
    ("durability", "a_retry_is_recognized_after_reopening", RETRIES),
    ("durability", "every_field_of_an_event_is_kept", TIMES),
    ("durability", "progress_is_kept", STATE),
    ("durability", "state_and_its_revisions_are_kept", STATE),
    ("durability", "the_retry_window_is_kept", RETRIES),
    ("durability", "the_store_keeps_its_identity", COUNTS),
    ("limits", "a_state_value_at_the_size_limit_is_stored", STATE),
    ("limits", "a_state_value_over_the_size_limit_is_refused", STATE),
    ("limits", "names_of_state_at_their_limit_are_stored", STATE),
    ("listing", "the_store_counts_its_events_and_streams", COUNTS),
    ("payloads", "content_types_come_back", FORMS),
    ("payloads", "data_that_is_not_text_comes_back_with_any_content_type", FORMS),
    ("payloads", "schema_versions_come_back", FORMS),
    ("queries", "events_of_a_correlation_id_match", CORRELATION),
    ("retention", "age_is_counted_from_when_the_store_took_the_event", TIMES),
    ("soft_delete", "the_status_says_deleted_and_the_last_version_stays", DELETED),
    ("times", "the_time_the_writer_gives_is_kept", TIMES),
    ("times", "the_time_the_writer_gives_may_be_any", TIMES),
    ("tombstone", "the_status_says_tombstoned", DELETED),
];

/// Why a case cannot be shown.
pub(crate) fn why(case: &Case) -> Option<&'static str> {
    let topic = TOPICS.iter().find(|(topic, _)| *topic == case.topic).map(|(_, why)| *why);
    let named = || CASES.iter().find(|(topic, name, _)| (*topic, *name) == (case.topic, case.name));
    topic.or_else(|| named().map(|(_, _, why)| *why))
}
