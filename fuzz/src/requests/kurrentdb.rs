//! Requests to KurrentDB's services, but for persistent subscriptions.

use annals_proto::{
    kurrentdb::{
        Empty, StreamIdentifier, Uuid,
        monitoring::StatsReq,
        operations::{
            SetNodePriorityReq, StartScavengeReq, StopScavengeReq, start_scavenge_req,
            stop_scavenge_req,
        },
        projections as p, streams as s, users as u,
        uuid::{Structured, Value},
    },
    kurrentdb_v2 as v2,
};
use prost_types::{ListValue, value::Kind};

use super::{Seed, many, one};

pub(super) fn all() -> Vec<Seed> {
    [appends(), reads(), deletes(), second_version(), users(), projections(), small()].concat()
}

pub(super) fn stream(name: &'static str) -> Option<StreamIdentifier> {
    Some(StreamIdentifier { stream_name: name.into() })
}

fn structured() -> Option<Uuid> {
    let halves = Structured { most_significant_bits: 7, least_significant_bits: -9 };
    Some(Uuid { value: Some(Value::Structured(halves)) })
}

pub(super) fn text() -> Option<Uuid> {
    Some(Uuid { value: Some(Value::String("018f2f6e-0000-7000-8000-000000000001".to_owned())) })
}

fn properties() -> std::collections::BTreeMap<String, String> {
    let of = [("type", "opened"), ("content-type", "application/json")];
    of.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

fn appends() -> Vec<Seed> {
    use s::append_req::{Content, Options, ProposedMessage, options::ExpectedStreamRevision};
    use s::batch_append_req as batch;
    let options = |stream_identifier, expected| {
        let expected_stream_revision = Some(expected);
        let content = Content::Options(Options { stream_identifier, expected_stream_revision });
        s::AppendReq { content: Some(content) }
    };
    let message = |id| {
        let metadata = properties();
        let custom_metadata = r#"{"$tags":["a:1"],"$correlationId":"c"}"#.into();
        let message = ProposedMessage { id, metadata, custom_metadata, data: "{}".into() };
        s::AppendReq { content: Some(Content::ProposedMessage(message)) }
    };
    let link = ProposedMessage {
        id: text(),
        metadata: [("type", "$>"), ("content-type", "application/octet-stream")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        data: "0@account-1".into(),
        ..ProposedMessage::default()
    };
    let link = s::AppendReq { content: Some(Content::ProposedMessage(link)) };
    let settings = ProposedMessage {
        id: text(),
        metadata: properties(),
        data: r#"{"$maxCount":2,"$maxAge":9,"$tb":1,"$acl":{"$r":["$all"]}}"#.into(),
        ..ProposedMessage::default()
    };
    let settings = s::AppendReq { content: Some(Content::ProposedMessage(settings)) };
    let batch = |deadline, is_final, id| s::BatchAppendReq {
        correlation_id: id,
        options: Some(batch::Options {
            stream_identifier: stream("account-2"),
            expected_stream_position: Some(batch::options::ExpectedStreamPosition::Any(())),
            deadline_option: Some(deadline),
        }),
        proposed_messages: vec![batch::ProposedMessage {
            id: structured(),
            metadata: properties(),
            data: "{}".into(),
            ..batch::ProposedMessage::default()
        }],
        is_final,
    };
    use batch::options::DeadlineOption;
    let long = DeadlineOption::Deadline(prost_types::Duration { seconds: 9, nanos: 9 });
    let late = DeadlineOption::Deadline21100(prost_types::Timestamp { seconds: -1, nanos: 9 });
    let (append, batched) = (
        "/event_store.client.streams.Streams/Append",
        "/event_store.client.streams.Streams/BatchAppend",
    );
    let any = ExpectedStreamRevision::Any(Empty {});
    vec![
        many(append, [options(stream("account-1"), any), message(structured()), message(text())]),
        many(append, [options(stream("links"), ExpectedStreamRevision::NoStream(Empty {})), link]),
        many(append, [options(stream("$$account-1"), any), settings]),
        many(append, [options(stream("account-1"), ExpectedStreamRevision::Revision(3))]),
        many(batched, [batch(long, false, text()), batch(long, true, text())]),
        many(batched, [batch(late, true, structured())]),
    ]
}

/// A read with these options.
fn read(
    of: s::read_req::options::StreamOption,
    count: s::read_req::options::CountOption,
    filter: s::read_req::options::FilterOption,
    backwards: bool,
) -> Seed {
    use s::read_req::{
        Options,
        options::{ControlOption, UuidOption, uuid_option},
    };
    let form = uuid_option::Content::Structured(Empty {});
    let options = Options {
        read_direction: backwards.into(),
        resolve_links: true,
        uuid_option: Some(UuidOption { content: Some(form) }),
        control_option: Some(ControlOption { compatibility: 21 }),
        stream_option: Some(of),
        count_option: Some(count),
        filter_option: Some(filter),
    };
    one("/event_store.client.streams.Streams/Read", s::ReadReq { options: Some(options) })
}

fn filter(regex: &str, prefix: &[&str], by_type: bool) -> s::read_req::options::FilterOption {
    use s::read_req::options::{FilterOption, FilterOptions, filter_options as f};
    let prefix = prefix.iter().map(|&prefix| prefix.to_owned()).collect();
    let expression = f::Expression { regex: regex.to_owned(), prefix };
    let filter = match by_type {
        true => f::Filter::EventType(expression),
        false => f::Filter::StreamIdentifier(expression),
    };
    FilterOption::Filter(FilterOptions {
        checkpoint_interval_multiplier: 2,
        filter: Some(filter),
        window: Some(f::Window::Max(3)),
    })
}

fn reads() -> Vec<Seed> {
    use s::read_req::options::{
        AllOptions, CountOption, FilterOption, Position, StreamOption, StreamOptions,
        SubscriptionOptions, all_options::AllOption, stream_options::RevisionOption,
    };
    let of_stream = |name, from| {
        let stream_identifier = stream(name);
        StreamOption::Stream(StreamOptions { stream_identifier, revision_option: Some(from) })
    };
    let of_all = |from| StreamOption::All(AllOptions { all_option: Some(from) });
    let none = || FilterOption::NoFilter(Empty {});
    let for_ever = || CountOption::Subscription(SubscriptionOptions {});
    let at = AllOption::Position(Position { commit_position: 2, prepare_position: 2 });
    let start = AllOption::Start(Empty {});
    let system = r"^(?!(\$.+$|PersistentConfig\d+$|Result$))";
    vec![
        read(
            of_stream("account-1", RevisionOption::Revision(1)),
            CountOption::Count(9),
            none(),
            false,
        ),
        read(
            of_stream("links", RevisionOption::End(Empty {})),
            CountOption::Count(9),
            none(),
            true,
        ),
        read(
            of_stream("$ce-account", RevisionOption::Revision(1)),
            CountOption::Count(9),
            none(),
            true,
        ),
        read(of_stream("$et-opened", RevisionOption::Start(Empty {})), for_ever(), none(), false),
        read(
            of_stream("$streams", RevisionOption::Start(Empty {})),
            CountOption::Count(2),
            none(),
            false,
        ),
        read(of_stream("links", RevisionOption::End(Empty {})), for_ever(), none(), false),
        read(of_all(at), CountOption::Count(9), filter(system, &[], true), true),
        read(
            of_all(start),
            CountOption::Count(u64::MAX),
            filter("", &["$idx-ce-account"], false),
            false,
        ),
        read(
            of_all(AllOption::End(Empty {})),
            for_ever(),
            filter("", &["account-", "b"], false),
            false,
        ),
        read(of_all(at), for_ever(), none(), false),
    ]
}

fn deletes() -> Vec<Seed> {
    use s::{delete_req, tombstone_req};
    let delete = delete_req::Options {
        stream_identifier: stream("account-2"),
        expected_stream_revision: Some(delete_req::options::ExpectedStreamRevision::Any(Empty {})),
    };
    let tombstone = tombstone_req::Options {
        stream_identifier: stream("account-3"),
        expected_stream_revision: Some(tombstone_req::options::ExpectedStreamRevision::Revision(0)),
    };
    vec![
        one("/event_store.client.streams.Streams/Delete", s::DeleteReq { options: Some(delete) }),
        one(
            "/event_store.client.streams.Streams/Tombstone",
            s::TombstoneReq { options: Some(tombstone) },
        ),
    ]
}

fn second_version() -> Vec<Seed> {
    use v2::consistency_check::{StreamStateCheck, Type};
    let number = |number| prost_types::Value { kind: Some(Kind::NumberValue(number)) };
    let record = |stream: Option<&str>| v2::AppendRecord {
        record_id: Some("018f2f6e-0000-7000-8000-000000000002".to_owned()),
        properties: [
            ("n".to_owned(), number(-7.5)),
            (
                "list".to_owned(),
                prost_types::Value {
                    kind: Some(Kind::ListValue(ListValue { values: vec![number(1.0)] })),
                },
            ),
        ]
        .into(),
        schema: Some(v2::SchemaInfo {
            format: Some(v2::SchemaFormat::Json as i32),
            name: Some("account.opened".to_owned()),
            id: None,
        }),
        data: Some("{}".into()),
        stream: stream.map(str::to_owned),
    };
    let check = |stream: &str, expected_state| v2::ConsistencyCheck {
        r#type: Some(Type::StreamState(StreamStateCheck {
            stream: Some(stream.to_owned()),
            expected_state: Some(expected_state),
        })),
    };
    let session = v2::AppendRequest {
        stream: Some("session-1".to_owned()),
        records: vec![record(None)],
        expected_revision: Some(-1),
    };
    let other = v2::AppendRequest { stream: Some("session-2".to_owned()), ..session.clone() };
    let records = v2::AppendRecordsRequest {
        records: vec![record(Some("records-1")), record(Some("records-2"))],
        checks: vec![check("account-1", -4), check("gone-1", -5), check("records-1", -1)],
    };
    let plain =
        v2::AppendRecordsRequest { records: vec![record(Some("records-1"))], checks: Vec::new() };
    let path = "/kurrentdb.protocol.v2.streams.StreamsService/AppendRecords";
    vec![
        many("/kurrentdb.protocol.v2.streams.StreamsService/AppendSession", [session, other]),
        one(path, records),
        one(path, plain),
    ]
}

fn users() -> Vec<Seed> {
    let (login_name, password) = ("ann".to_owned(), "hunter2".to_owned());
    let (name, groups) = ("Ann".to_owned(), vec!["$ops".to_owned()]);
    macro_rules! of {
        ($call:literal, $request:ident, $module:ident { $($fields:tt)* }) => {
            one(
                concat!("/event_store.client.users.Users/", $call),
                u::$request { options: Some(u::$module::Options { $($fields)* }) },
            )
        };
    }
    let login = || login_name.clone();
    let secret = || password.clone();
    vec![
        of!(
            "Create",
            CreateReq,
            create_req {
                login_name: login(),
                password: secret(),
                full_name: name.clone(),
                groups: groups.clone(),
            }
        ),
        of!(
            "Update",
            UpdateReq,
            update_req { login_name: login(), password: secret(), full_name: name, groups }
        ),
        of!("Delete", DeleteReq, delete_req { login_name: login() }),
        of!("Disable", DisableReq, disable_req { login_name: login() }),
        of!("Enable", EnableReq, enable_req { login_name: login() }),
        of!("Details", DetailsReq, details_req { login_name: login() }),
        of!(
            "ChangePassword",
            ChangePasswordReq,
            change_password_req {
                login_name: login(),
                current_password: secret(),
                new_password: secret(),
            }
        ),
        of!(
            "ResetPassword",
            ResetPasswordReq,
            reset_password_req { login_name: login(), new_password: secret() }
        ),
    ]
}

#[expect(
    clippy::needless_update,
    reason = "the options of some calls have more fields than of others"
)]
fn projections() -> Vec<Seed> {
    macro_rules! of {
        ($call:literal, $request:ident, $module:ident { $($field:ident: $value:expr),* $(,)? }) => {
            one(
                concat!("/event_store.client.projections.Projections/", $call),
                p::$request { options: Some(p::$module::Options {
                    $($field: $value,)* ..p::$module::Options::default()
                }) },
            )
        };
    }
    let name = || "$by_category".to_owned();
    vec![
        of!("Create", CreateReq, create_req { query: "fromAll()".to_owned() }),
        of!("Update", UpdateReq, update_req { name: name() }),
        of!("Delete", DeleteReq, delete_req { name: name() }),
        of!(
            "Statistics",
            StatisticsReq,
            statistics_req { mode: Some(p::statistics_req::options::Mode::All(Empty {})) }
        ),
        of!("Disable", DisableReq, disable_req { name: name() }),
        of!("Enable", EnableReq, enable_req { name: name() }),
        of!("Reset", ResetReq, reset_req { name: name() }),
        of!("State", StateReq, state_req { name: name() }),
        of!("Result", ResultReq, result_req { name: name() }),
        one("/event_store.client.projections.Projections/RestartSubsystem", Empty {}),
    ]
}

fn small() -> Vec<Seed> {
    let start = start_scavenge_req::Options { thread_count: 1, start_from_chunk: 0 };
    let stop = stop_scavenge_req::Options { scavenge_id: "x".to_owned() };
    let operations = [
        "/event_store.client.operations.Operations/Shutdown",
        "/event_store.client.operations.Operations/MergeIndexes",
        "/event_store.client.operations.Operations/ResignNode",
        "/event_store.client.operations.Operations/RestartPersistentSubscriptions",
        "/event_store.client.gossip.Gossip/Read",
        "/event_store.client.server_features.ServerFeatures/GetSupportedMethods",
    ];
    let mut seeds: Vec<_> = operations.map(|path| one(path, Empty {})).into();
    seeds.extend([
        one(
            "/event_store.client.operations.Operations/StartScavenge",
            StartScavengeReq { options: Some(start) },
        ),
        one(
            "/event_store.client.operations.Operations/StopScavenge",
            StopScavengeReq { options: Some(stop) },
        ),
        one(
            "/event_store.client.operations.Operations/SetNodePriority",
            SetNodePriorityReq { priority: -1 },
        ),
        one(
            "/event_store.client.monitoring.Monitoring/Stats",
            StatsReq { use_metadata: true, refresh_time_period_in_ms: 1 },
        ),
    ]);
    seeds
}
