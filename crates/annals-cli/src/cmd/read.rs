//! `annals read`: a stretch of a stream or of the store.

use annals::{
    Backend, BoxStream, Direction, Position, Query, Read, ReadAll, ReadStream, RecordedEvent,
    Version,
};
use futures_lite::stream;

use crate::{
    exit::Exit,
    failure::{OrFail, Result},
    output::{EventItem, Shape},
    range::{self, Axis, Bound, Stretch},
    select::{SelectArgs, Selection},
    session::{Session, source_of},
};

/// Read events of a stream, or of the whole store
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:\n  \
    annals read account-1                                  one stream, oldest first\n  \
    annals read account-1 --backwards -n 10                its newest ten events\n  \
    annals read --category account --type opened,closed    the whole store, filtered\n  \
    annals read --tag customer:ann --from @2026-01-31T00:00:00Z\n  \
    annals read -o ndjson | jq .data\n\n\
    Places in a stream are versions, places in the store are positions; a time means when the\n\
    store recorded the event. Both ends are included.")]
pub(crate) struct Args {
    #[command(flatten)]
    select: SelectArgs,
    /// Where to begin: a version or position, start, end, or @TIME
    #[arg(long, value_name = "N|start|end|@TIME")]
    from: Option<String>,
    /// Where to end
    #[arg(long, value_name = "N|start|end|@TIME")]
    to: Option<String>,
    /// At most this many events
    #[arg(short = 'n', long, value_name = "COUNT")]
    limit: Option<u64>,
    /// Newest first
    #[arg(long)]
    backwards: bool,
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit> {
    let selection = args.select.selection()?;
    let direction = if args.backwards { Direction::Backward } else { Direction::Forward };
    let bound = |text: &Option<String>| text.as_deref().map(str::parse::<Bound>).transpose();
    let (from, to) = (bound(&args.from)?, bound(&args.to)?);
    let mut printer = session.printer(Shape::Events)?;
    let store = session.open()?;
    let source = source_of(store.as_ref())?;
    let stretch = range::resolve(store.as_ref(), &axis(&selection), direction, from, to)?;
    if let Some(stretch) = stretch {
        let limit = args.limit.unwrap_or(u64::MAX);
        for event in events(store.as_ref(), &selection, direction, stretch, limit)? {
            let event = event.or_fail(|| "the events could not be read")?;
            printer.item(&EventItem { event: &event, source: &source })?;
        }
    }
    printer.finish()?;
    Ok(Exit::Ok)
}

/// What the places of a selection are counted along.
fn axis(selection: &Selection) -> Axis<'_> {
    match selection {
        Selection::Stream { stream, .. } => Axis::Stream(stream),
        Selection::All(_) => Axis::All,
    }
}

/// The selected events of a stretch, one by one.
pub(crate) fn events(
    store: &dyn Backend,
    selection: &Selection,
    direction: Direction,
    stretch: Stretch,
    limit: u64,
) -> Result<impl Iterator<Item = annals::Result<RecordedEvent>>> {
    let (from, to) = match direction {
        Direction::Forward => (stretch.low, stretch.high),
        Direction::Backward => (stretch.high, stretch.low),
    };
    let (read, filter): (Read, Query) = match selection {
        Selection::Stream { stream, filter } => {
            let (from, to) = (from.map(Version::new), to.map(Version::new));
            let filter = Query::any_of([filter.clone()])?;
            // What the filter leaves is counted here, so that the store's limit cannot.
            let limit = filter.is_all().then_some(limit);
            (ReadStream { stream: stream.clone(), direction, from, to, limit }.into(), filter)
        }
        Selection::All(_) => {
            let (from, to) = (from.map(Position::new), to.map(Position::new));
            let query = selection.query()?;
            let limit = Some(limit);
            (ReadAll { query, direction, from, to, limit }.into(), Query::all())
        }
    };
    let events: BoxStream<'static, _> = store.read(read);
    let wanted = move |event: &annals::Result<RecordedEvent>| match event {
        Ok(event) => filter.matches(event),
        Err(_) => true,
    };
    let count = usize::try_from(limit).unwrap_or(usize::MAX);
    Ok(stream::block_on(events).filter(wanted).take(count))
}
