//! What the server counts of itself, for Prometheus and for the page of operations. Labels are few and
//! fixed: never a name, an address or a secret of anybody.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// The bounds of latencies, in seconds.
const BOUNDS: [f64; 12] = [0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5, 10.0];

/// Seconds that the rate is told of.
const WINDOW: u64 = 60;

/// A request.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Request {
    route: &'static str,
    result: &'static str,
}

/// Where a request went.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Route {
    route: &'static str,
}

/// What a client asked for, and how that ended.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Grant {
    grant: &'static str,
    result: &'static str,
}

/// One kind of what is counted.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Kind {
    kind: &'static str,
}

/// The counts of the requests of a second.
#[derive(Debug, Default)]
struct Second {
    at: AtomicU64,
    count: AtomicU64,
}

/// All figures; see the module.
pub struct Metrics {
    registry: Registry,
    requests: Family<Request, Counter>,
    seconds: Family<Route, Histogram, fn() -> Histogram>,
    retries: Counter,
    grants: Family<Grant, Counter>,
    purged: Family<Kind, Counter>,
    state: Family<Kind, Gauge>,
    latencies: [AtomicU64; BOUNDS.len() + 1],
    recent: Vec<Second>,
}

/// What the page of operations tells of requests.
#[derive(Debug, Clone, Copy, Default)]
pub struct Traffic {
    /// Since the server started.
    pub requests: u64,
    /// A second, over the last minute.
    pub rate: f64,
    /// Half of all requests took no longer; none when it is more than [`Traffic::LONGEST`].
    pub median: Option<Duration>,
    /// Of a hundred requests, one took longer; none as above.
    pub p99: Option<Duration>,
}

impl Traffic {
    /// The longest time that is told of.
    pub const LONGEST: Duration = Duration::from_secs(10);
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("oregional");
        let (requests, grants, purged, state) =
            (Family::default(), Family::default(), Family::default(), Family::default());
        let seconds: Family<Route, Histogram, fn() -> Histogram> =
            Family::new_with_constructor(|| Histogram::new(BOUNDS));
        let retries = Counter::default();
        registry.register("http_requests", "Requests by route and result", requests.clone());
        registry.register("http_request_seconds", "Time from a request to its answer", seconds.clone());
        registry.register(
            "call_retries",
            "Calls run again after a conflict or with a newer registry",
            retries.clone(),
        );
        registry.register("oauth_grants", "Token requests by grant and result", grants.clone());
        registry.register("purged_rows", "Expired rows taken out by this server", purged.clone());
        registry.register("state", "What there is at the moment, by kind", state.clone());
        let recent =
            std::iter::repeat_with(Second::default).take(usize::try_from(WINDOW).unwrap_or(60)).collect();
        Self {
            registry,
            requests,
            seconds,
            retries,
            grants,
            purged,
            state,
            latencies: Default::default(),
            recent,
        }
    }
}

/// The route of a path: a handful of names, whatever strangers ask for.
fn route(path: &str) -> &'static str {
    const ROUTES: [&str; 22] = [
        "/web/dataset/call_kw",
        "/web/dataset/call_button",
        "/web/session",
        "/web/webclient",
        "/web/database",
        "/web/image",
        "/web/content",
        "/web/assets",
        "/web/action",
        "/web/binary",
        "/web/health",
        "/web/login",
        "/jsonrpc",
        "/xmlrpc",
        "/json/2",
        "/doc-bearer",
        "/oauth2/authorize",
        "/oauth2/token",
        "/oauth2",
        "/orestapi",
        "/odoo",
        "/metrics",
    ];
    ROUTES.into_iter().find(|route| path.starts_with(route)).unwrap_or("other")
}

impl Metrics {
    /// Counts a request. `second` is the present one, of any clock that goes on.
    pub fn request(&self, path: &str, result: &'static str, took: Duration, second: u64) {
        let route = route(path);
        self.requests.get_or_create(&Request { route, result }).inc();
        let seconds = took.as_secs_f64();
        self.seconds.get_or_create(&Route { route }).observe(seconds);
        let bucket = BOUNDS.iter().position(|bound| seconds <= *bound).unwrap_or(BOUNDS.len());
        if let Some(bucket) = self.latencies.get(bucket) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        let place = usize::try_from(second % WINDOW).unwrap_or_default();
        if let Some(slot) = self.recent.get(place) {
            // Two threads may begin a second at once; a count or two is then lost, and nobody misses it.
            if slot.at.swap(second, Ordering::Relaxed) != second {
                slot.count.store(0, Ordering::Relaxed);
            }
            slot.count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts a call that is run again.
    pub fn retry(&self) {
        self.retries.inc();
    }

    /// Counts what came of a token request.
    pub fn grant(&self, grant: &'static str, result: &'static str) {
        self.grants.get_or_create(&Grant { grant, result }).inc();
    }

    /// Counts rows that were taken out.
    pub fn purged(&self, kind: &'static str, rows: u64) {
        self.purged.get_or_create(&Kind { kind }).inc_by(rows);
    }

    /// Sets a figure of the present.
    pub fn set(&self, kind: &'static str, value: i64) {
        self.state.get_or_create(&Kind { kind }).set(value);
    }

    /// The requests, for people.
    pub fn traffic(&self, second: u64) -> Traffic {
        let counts: Vec<u64> = self.latencies.iter().map(|count| count.load(Ordering::Relaxed)).collect();
        let requests: u64 = counts.iter().sum();
        let bound = |percent: u64| {
            let mut seen = 0;
            let place = counts.iter().position(|count| {
                seen += count;
                seen * 100 >= percent * requests
            });
            if requests == 0 {
                return Some(Duration::ZERO);
            }
            place.and_then(|place| BOUNDS.get(place)).map(|seconds| Duration::from_secs_f64(*seconds))
        };
        let is_recent = |slot: &&Second| second.saturating_sub(slot.at.load(Ordering::Relaxed)) < WINDOW;
        let last: u64 =
            self.recent.iter().filter(is_recent).map(|slot| slot.count.load(Ordering::Relaxed)).sum();
        Traffic {
            requests,
            rate: f64::from(u32::try_from(last).unwrap_or(u32::MAX)) / 60.0,
            median: bound(50),
            p99: bound(99),
        }
    }

    /// All figures in the text that Prometheus reads.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        _ = encode(&mut text, &self.registry);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_told_with_few_labels() {
        let metrics = Metrics::default();
        for second in 0..100 {
            metrics.request("/odoo/some.model/5?secret=1", "ok", Duration::from_micros(700), second);
        }
        metrics.request("/anything", "refused", Duration::from_secs(1), 99);

        let text = metrics.text();
        assert!(text.contains("oregional_http_requests_total{route=\"/odoo\",result=\"ok\"} 100"), "{text}");
        assert!(text.contains("route=\"other\"") && !text.contains("secret"), "{text}");
        let traffic = metrics.traffic(99);
        assert_eq!((traffic.requests, traffic.median), (101, Some(Duration::from_millis(1))));
        assert!((traffic.rate - 61.0 / 60.0).abs() < 0.01, "{}", traffic.rate);
    }

    #[test]
    fn what_takes_longer_than_the_last_bound_is_no_time_at_all() {
        let metrics = Metrics::default();
        assert_eq!(metrics.traffic(0).p99, Some(Duration::ZERO), "nobody has come yet");
        assert_eq!(BOUNDS.last().copied(), Some(Traffic::LONGEST.as_secs_f64()));
        metrics.request("/odoo", "ok", Duration::from_millis(1), 0);
        metrics.request("/odoo", "ok", Duration::from_secs(11), 0);

        let traffic = metrics.traffic(0);
        assert_eq!((traffic.median, traffic.p99), (Some(Duration::from_millis(1)), None));
    }
}
