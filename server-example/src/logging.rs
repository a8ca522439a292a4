//! Structured logs: one JSON object a line on standard error. Nothing personal reaches them, because nothing personal is
//! ever given to `tracing`: `Private` prints `***`, errors name fields, requests are named by their route template.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

/// The subscriber, writing to `writer`.
pub fn subscriber<W>(writer: W, level: LevelFilter) -> impl tracing::Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    tracing_subscriber::fmt().json().flatten_event(true).with_current_span(false).with_span_list(false).with_max_level(level).with_writer(writer).finish()
}
