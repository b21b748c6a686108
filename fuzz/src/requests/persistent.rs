//! Requests to persistent subscriptions.

use annals_proto::kurrentdb::{
    Empty,
    persistent_subscriptions::{
        CreateReq, DeleteReq, GetInfoReq, ListReq, ReadReq, ReplayParkedReq, TruncateParkedReq,
        UpdateReq, create_req, delete_req, get_info_req, list_req, read_req, replay_parked_req,
        truncate_parked_req, update_req,
    },
};

use super::{
    Seed,
    kurrentdb::{stream, text},
    many, one,
};

const GROUP: &str = "readers";

pub(super) fn all() -> Vec<Seed> {
    [made(), changed(), read(), looked_at()].concat()
}

fn made() -> Vec<Seed> {
    use create_req::{
        AllOptions, Settings, StreamOptions,
        all_options::{AllOption, FilterOption, FilterOptions, filter_options as f},
        options::StreamOption,
        stream_options::RevisionOption,
    };
    let settings = Settings {
        resolve_links: true,
        max_retry_count: 2,
        min_checkpoint_count: 1,
        max_checkpoint_count: 3,
        live_buffer_size: 10,
        read_batch_size: 5,
        history_buffer_size: 10,
        message_timeout: Some(create_req::settings::MessageTimeout::MessageTimeoutMs(30_000)),
        checkpoint_after: Some(create_req::settings::CheckpointAfter::CheckpointAfterMs(2_000)),
        consumer_strategy: "Pinned".to_owned(),
        ..Settings::default()
    };
    let create = |of| {
        let options = create_req::Options {
            group_name: GROUP.to_owned(),
            settings: Some(settings.clone()),
            stream_option: Some(of),
            ..create_req::Options::default()
        };
        one(
            "/event_store.client.persistent_subscriptions.PersistentSubscriptions/Create",
            CreateReq { options: Some(options) },
        )
    };
    let expression = f::Expression { regex: String::new(), prefix: vec!["account-".to_owned()] };
    let filter = FilterOptions {
        checkpoint_interval_multiplier: 1,
        filter: Some(f::Filter::StreamIdentifier(expression)),
        window: Some(f::Window::Count(Empty {})),
    };
    vec![
        create(StreamOption::Stream(StreamOptions {
            stream_identifier: stream("account-1"),
            revision_option: Some(RevisionOption::Start(Empty {})),
        })),
        create(StreamOption::All(AllOptions {
            all_option: Some(AllOption::Start(Empty {})),
            filter_option: Some(FilterOption::Filter(filter)),
        })),
        create(StreamOption::Stream(StreamOptions {
            stream_identifier: stream("$ce-account"),
            revision_option: Some(RevisionOption::End(Empty {})),
        })),
    ]
}

fn changed() -> Vec<Seed> {
    let update = update_req::Options {
        group_name: GROUP.to_owned(),
        settings: Some(update_req::Settings {
            max_retry_count: 1,
            min_checkpoint_count: 1,
            max_checkpoint_count: 3,
            live_buffer_size: 10,
            read_batch_size: 5,
            history_buffer_size: 10,
            message_timeout: Some(update_req::settings::MessageTimeout::MessageTimeoutMs(1_000)),
            checkpoint_after: Some(update_req::settings::CheckpointAfter::CheckpointAfterMs(1)),
            ..update_req::Settings::default()
        }),
        stream_option: Some(update_req::options::StreamOption::Stream(update_req::StreamOptions {
            stream_identifier: stream("account-1"),
            revision_option: Some(update_req::stream_options::RevisionOption::Start(Empty {})),
        })),
        ..update_req::Options::default()
    };
    let delete = delete_req::Options {
        group_name: GROUP.to_owned(),
        stream_option: Some(delete_req::options::StreamOption::All(Empty {})),
    };
    vec![
        one(
            "/event_store.client.persistent_subscriptions.PersistentSubscriptions/Update",
            UpdateReq { options: Some(update) },
        ),
        one(
            "/event_store.client.persistent_subscriptions.PersistentSubscriptions/Delete",
            DeleteReq { options: Some(delete) },
        ),
    ]
}

fn read() -> Vec<Seed> {
    use read_req::{
        Ack, Content, Nack, Options,
        nack::Action,
        options::{StreamOption, UuidOption, uuid_option},
    };
    let options = |of| {
        Content::Options(Options {
            group_name: GROUP.to_owned(),
            buffer_size: 3,
            uuid_option: Some(UuidOption { content: Some(uuid_option::Content::String(Empty {})) }),
            stream_option: Some(of),
        })
    };
    let ids = || text().into_iter().collect();
    let ack = Content::Ack(Ack { ids: ids(), ..Ack::default() });
    let nack = |action| {
        let (ids, reason) = (ids(), "no".to_owned());
        Content::Nack(Nack { ids, action: action as i32, reason, ..Nack::default() })
    };
    let path = "/event_store.client.persistent_subscriptions.PersistentSubscriptions/Read";
    let of = |contents: Vec<Content>| {
        many(path, contents.into_iter().map(|content| ReadReq { content: Some(content) }))
    };
    let stream = |name| StreamOption::StreamIdentifier(stream(name).unwrap_or_default());
    vec![
        of(vec![options(stream("account-1")), ack, nack(Action::Park), nack(Action::Retry)]),
        of(vec![options(StreamOption::All(Empty {})), nack(Action::Skip), nack(Action::Stop)]),
    ]
}

fn looked_at() -> Vec<Seed> {
    use list_req::options::ListOption;
    let account = || stream("account-1").unwrap_or_default();
    let info = get_info_req::Options {
        group_name: GROUP.to_owned(),
        stream_option: Some(get_info_req::options::StreamOption::StreamIdentifier(account())),
    };
    let replay = replay_parked_req::Options {
        group_name: GROUP.to_owned(),
        stream_option: Some(replay_parked_req::options::StreamOption::StreamIdentifier(account())),
        stop_at_option: Some(replay_parked_req::options::StopAtOption::StopAt(3)),
    };
    let truncate = truncate_parked_req::Options {
        group_name: GROUP.to_owned(),
        stream_option: Some(
            truncate_parked_req::options::StreamOption::StreamIdentifier(account()),
        ),
        stop_at_option: Some(truncate_parked_req::options::StopAtOption::NoLimit(Empty {})),
    };
    let list = list_req::Options { list_option: Some(ListOption::ListAllSubscriptions(Empty {})) };
    vec![
        one(
            "/event_store.client.persistent_subscriptions.PersistentSubscriptions/GetInfo",
            GetInfoReq { options: Some(info) },
        ),
        one(
            "/event_store.client.persistent_subscriptions.PersistentSubscriptions/ReplayParked",
            ReplayParkedReq { options: Some(replay) },
        ),
        one(
            "/event_store.client.persistent_subscriptions.PersistentSubscriptions/TruncateParked",
            TruncateParkedReq { options: Some(truncate) },
        ),
        one(
            "/event_store.client.persistent_subscriptions.PersistentSubscriptions/List",
            ListReq { options: Some(list) },
        ),
        one(
            "/event_store.client.persistent_subscriptions.PersistentSubscriptions/RestartSubsystem",
            Empty {},
        ),
    ]
}
