//! Counters and their Prometheus text. Labels are route templates, codes and states, never anything of a patient.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What is counted in this process.
#[derive(Debug, Default)]
pub struct Metrics {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    requests: BTreeMap<(String, String, u16), Served>,
    callbacks: BTreeMap<(String, String), u64>,
    failed_tries: u64,
    feed_failures: u64,
    days_reconciled: u64,
    reconcile_failures: u64,
    open_differences: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Served {
    count: u64,
    micros: u64,
}

impl Metrics {
    /// A request was answered.
    pub fn served(&self, method: &str, route: &str, status: u16, micros: u64) {
        let mut inner = self.lock();
        let served = inner.requests.entry((method.to_owned(), route.to_owned(), status)).or_default();
        served.count += 1;
        served.micros = served.micros.saturating_add(micros);
    }

    /// A callback was answered.
    pub fn callback(&self, channel: &str, result: &str) {
        *self.lock().callbacks.entry((channel.to_owned(), result.to_owned())).or_default() += 1;
    }

    /// How many callbacks of a channel ended so.
    pub fn callbacks(&self, channel: &str, result: &str) -> u64 {
        self.lock().callbacks.get(&(channel.to_owned(), result.to_owned())).copied().unwrap_or(0)
    }

    /// A try to identify failed.
    pub fn failed_try(&self) {
        self.lock().failed_tries += 1;
    }

    /// A round of the notices feed failed.
    pub fn feed_failure(&self) {
        self.lock().feed_failures += 1;
    }

    /// A round of reconciliation made so many days, and could not make so many.
    pub fn reconciled(&self, made: u64, failed: u64) {
        let mut inner = self.lock();
        inner.days_reconciled += made;
        inner.reconcile_failures += failed;
    }

    /// Differences nobody has dealt with.
    pub fn open_differences(&self, open: u64) {
        self.lock().open_differences = open;
    }

    /// Writes the counters of this process.
    pub fn write(&self, page: &mut Page) {
        let inner = self.lock();
        let requests: Vec<_> = inner
            .requests
            .iter()
            .map(|((method, route, status), served)| (vec![("method", method.clone()), ("route", route.clone()), ("status", status.to_string())], *served))
            .collect();
        page.family("menjie_http_requests_total", "counter", "Requests answered.", requests.iter().map(|(labels, served)| (labels.clone(), served.count)));
        page.family(
            "menjie_http_request_micros_total",
            "counter",
            "Time spent answering, in microseconds.",
            requests.iter().map(|(labels, served)| (labels.clone(), served.micros)),
        );
        let callbacks = inner.callbacks.iter().map(|((channel, result), n)| (vec![("channel", channel.clone()), ("result", result.clone())], *n));
        page.family("menjie_callbacks_total", "counter", "Callbacks by result; rejected ones have no genuine signature.", callbacks);
        page.family("menjie_identify_failed_total", "counter", "Failed tries to identify.", [(Vec::new(), inner.failed_tries)]);
        page.family("menjie_feed_failures_total", "counter", "Failed rounds of the HIS notices feed.", [(Vec::new(), inner.feed_failures)]);
        page.family("menjie_reconciled_days_total", "counter", "Days of a channel reconciled by the job.", [(Vec::new(), inner.days_reconciled)]);
        page.family("menjie_reconcile_failures_total", "counter", "Days that could not be reconciled: a side did not answer.", [(Vec::new(), inner.reconcile_failures)]);
        page.family(
            "menjie_reconcile_open",
            "gauge",
            "Differences of the last days that nobody has dealt with, as of the last round that could look.",
            [(Vec::new(), inner.open_differences)],
        );
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A page of Prometheus text being written.
#[derive(Debug, Default)]
pub struct Page {
    text: String,
}

impl Page {
    /// One metric with its samples.
    pub fn family(&mut self, name: &str, kind: &str, help: &str, samples: impl IntoIterator<Item = (Vec<(&'static str, String)>, u64)>) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (labels, value) in samples {
            let labels: Vec<String> = labels.iter().map(|(key, value)| format!("{key}=\"{}\"", escaped(value))).collect();
            let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
            let _ = writeln!(self.text, "{name}{labels} {value}");
        }
    }

    /// The text.
    pub fn finish(self) -> String {
        self.text
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_the_shape_that_prometheus_reads() {
        let metrics = Metrics::default();
        metrics.served("GET", "/api/v1/payments/{id}", 200, 40);
        metrics.served("GET", "/api/v1/payments/{id}", 200, 60);
        metrics.callback("wechat", "rejected");
        let mut page = Page::default();
        metrics.write(&mut page);
        page.family("x", "gauge", "With a quote.", [(vec![("a", "b\"c\\".to_owned())], 1)]);
        let text = page.finish();
        assert!(text.contains("menjie_http_requests_total{method=\"GET\",route=\"/api/v1/payments/{id}\",status=\"200\"} 2\n"), "{text}");
        assert!(text.contains("menjie_http_request_micros_total{method=\"GET\",route=\"/api/v1/payments/{id}\",status=\"200\"} 100\n"));
        assert!(text.contains("menjie_callbacks_total{channel=\"wechat\",result=\"rejected\"} 1\n"));
        assert!(text.contains("x{a=\"b\\\"c\\\\\"} 1\n"));
        for line in text.lines() {
            assert!(line.starts_with("# ") || line.rsplit(' ').next().is_some_and(|n| n.parse::<u64>().is_ok()), "{line}");
        }
    }
}
