//! The clients against recorded answers, which a fake serves.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response as Answer};
use jiff::SignedDuration;
use serde_json::Value;

use super::*;

/// What the fake was asked: `GET /path?query`, and the body.
type Asked = Arc<Mutex<Vec<(String, String)>>>;

/// A fake monitoring server that gives one answer to everything.
struct Fake {
    url: Url,
    asked: Asked,
}

impl Fake {
    async fn start(status: u16, answer: impl Into<Bytes>) -> Self {
        let (asked, answer) = (Asked::default(), answer.into());
        let seen = Arc::clone(&asked);
        let app = Router::new().fallback(move |request: Request| async move {
            let line = format!("{} {}", request.method(), request.uri());
            let body = axum::body::to_bytes(request.into_body(), 1 << 20).await.unwrap();
            seen.lock().unwrap().push((line, String::from_utf8_lossy(&body).into_owned()));
            (StatusCode::from_u16(status).unwrap(), [("location", "http://127.0.0.1:1/")], answer)
                .into_response()
        });
        let url = serve(app).await;
        Self { url, asked }
    }

    async fn recorded(name: &str) -> Self {
        Self::start(200, recorded(name)).await
    }

    fn asked(&self) -> (String, String) {
        self.asked.lock().unwrap().last().cloned().unwrap_or_default()
    }
}

/// Serves an application at an address with name, password and path prefix.
async fn serve(app: Router) -> Url {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    Url::parse(&format!("http://me:hunter2@{address}/some/prefix/")).unwrap()
}

fn recorded(name: &str) -> String {
    std::fs::read_to_string(format!("{}/tests/fixtures/monitoring/{name}", env!("CARGO_MANIFEST_DIR")))
        .unwrap()
}

fn http() -> Http {
    Http::new().unwrap()
}

fn ms(time: &str) -> i64 {
    time.parse::<jiff::Timestamp>().unwrap().as_millisecond()
}

fn new_silence() -> NewSilence {
    let matcher =
        SilenceMatcher { name: "alertname".into(), value: "Disk.*".into(), is_regex: true, is_equal: false };
    NewSilence {
        matchers: vec![matcher],
        starts_ts: 1_795_291_200_000,
        ends_ts: 1_795_298_400_500,
        created_by: "@admin:lab".into(),
        comment: "looking".into(),
    }
}

#[tokio::test]
async fn alertmanagers_groups_are_read_with_what_keeps_them_quiet() {
    let fake = Fake::recorded("alertmanager-0.25-groups.json").await;
    let groups = Alertmanager::new(&http(), &fake.url).groups().await.unwrap();
    let expected = "GET /some/prefix/api/v2/alerts/groups?active=true&silenced=true&inhibited=true";
    assert_eq!(fake.asked().0, expected);
    let names: Vec<&str> = groups.iter().map(|group| group.labels["alertname"].as_str()).collect();
    assert_eq!(names, ["DiskFull", "InstanceDown", "Watchdog"]);
    assert!(groups.iter().all(|group| group.receiver == "ralf"));
    let (disk, down) = (&groups[0].alerts[0], &groups[1].alerts[0]);
    assert_eq!(disk.inhibited_by, ["1fcb51927ddbdacf"]);
    assert_eq!(down.silenced_by, ["09d11502-51fe-4d9f-af87-5e55a8594781"]);
    assert_eq!(down.alert.fingerprint, "1fcb51927ddbdacf");
    assert_eq!((down.alert.firing, down.alert.ends_ts), (true, None));
    assert_eq!(down.alert.starts_ts, ms("2026-11-21T20:12:32.772Z"));
    assert!(down.updated_ts > down.alert.starts_ts);
    let page = down.alert.links.generator.as_deref().unwrap();
    assert_eq!(crate::alerts::chart::expression(page).as_deref(), Some("up == 0"));
}

#[tokio::test]
async fn only_pages_are_links() {
    let hostile =
        recorded("alertmanager-0.25-groups.json").replace("http://vm:19390/graph", "javascript:alert(1)//");
    let fake = Fake::start(200, hostile).await;
    let groups = Alertmanager::new(&http(), &fake.url).groups().await.unwrap();
    assert!(
        groups.iter().flat_map(|group| &group.alerts).all(|polled| polled.alert.links.generator.is_none())
    );
}

#[tokio::test]
async fn alertmanager_says_how_it_is_and_what_is_silenced() {
    let fake = Fake::recorded("alertmanager-0.25-status.json").await;
    let status = Alertmanager::new(&http(), &fake.url).status().await.unwrap();
    let expected = Status { version: "0.25.0".into(), started_ts: ms("2026-11-21T20:13:09.228Z") };
    assert_eq!(status, expected);

    let fake = Fake::recorded("alertmanager-0.25-silences.json").await;
    let silences = Alertmanager::new(&http(), &fake.url).silences().await.unwrap();
    assert_eq!(silences.len(), 1);
    assert_eq!(silences[0].silence.created_by, "@admin:lab");
    assert_eq!(silences[0].silence.matchers[0].name, "alertname");
    let expired = recorded("alertmanager-0.25-silences.json").replace("\"active\"", "\"expired\"");
    let fake = Fake::start(200, expired).await;
    assert_eq!(Alertmanager::new(&http(), &fake.url).silences().await.unwrap(), []);

    let fake = Fake::recorded("alertmanager-0.25-alerts.json").await;
    let filters = ["alertname=~\"Inst.*\"".to_owned(), "job=\"a&b\"".to_owned()];
    let matching = Alertmanager::new(&http(), &fake.url).alerts_matching(&filters).await.unwrap();
    assert_eq!(matching, Matching { count: 1, names: vec!["InstanceDown".into()] });
    let expected = "filter=alertname%3D%7E%22Inst.*%22&filter=job%3D%22a%26b%22";
    assert_eq!(fake.asked().0, format!("GET /some/prefix/api/v2/alerts?{expected}"));
}

#[tokio::test]
async fn a_silence_is_made_changed_and_ended() {
    let fake = Fake::recorded("alertmanager-0.25-silence-made.json").await;
    let there = Alertmanager::new(&http(), &fake.url);
    let id = there.silence(&new_silence(), None).await.unwrap();
    assert_eq!(id, "15edbbb2-cd85-44fc-ba59-288129f49c15");
    let (line, body) = fake.asked();
    assert_eq!(line, "POST /some/prefix/api/v2/silences");
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((&body["endsAt"], &body["id"]), (&Value::from("2026-11-21T22:00:00.5Z"), &Value::Null));
    there.silence(&new_silence(), Some(&id)).await.unwrap();
    assert_eq!(serde_json::from_str::<Value>(&fake.asked().1).unwrap()["id"], id);

    let fake = Fake::start(200, "").await;
    Alertmanager::new(&http(), &fake.url).expire("../alerts?x").await.unwrap();
    assert_eq!(fake.asked().0, "DELETE /some/prefix/api/v2/silence/..%2Falerts%3Fx");

    let fake = Fake::start(400, recorded("alertmanager-0.25-silence-refused.json")).await;
    let error = Alertmanager::new(&http(), &fake.url).silence(&new_silence(), None).await.unwrap_err();
    assert!(error.to_string().contains("at least one matcher must not match the empty string"), "{error}");
    for status in [404, 500] {
        let fake = Fake::start(status, "\"silence not found\"\n").await;
        let error = Alertmanager::new(&http(), &fake.url).expire("x").await.unwrap_err();
        assert!(matches!(error.fault, Fault::Gone), "{error}");
    }
}

#[tokio::test]
async fn prometheus_gives_values_over_time() {
    let fake = Fake::recorded("prometheus-2.42-range.json").await;
    let there = Prometheus::new(&http(), &fake.url);
    let step = SignedDuration::from_millis(5000);
    let series = there.range("up{a=\"b&c\"}", 1_795_291_999_007, 1_795_292_019_000, step).await.unwrap();
    assert_eq!(
        fake.asked().0,
        "GET /some/prefix/api/v1/query_range?query=up%7Ba%3D%22b%26c%22%7D&start=1795291999.007&end=1795292019.000\
         &step=5.000&timeout=5s"
    );
    assert_eq!(series.len(), 3);
    assert_eq!(series[2].labels["service"], "jellyfin");
    assert_eq!(series[2].points.len(), 5);
    assert_eq!(series[2].points[1], (1_795_292_004_000, 0.0));

    let fake = Fake::recorded("prometheus-2.42-range-infinite.json").await;
    let series = Prometheus::new(&http(), &fake.url).range("up / 0", 0, 1, step).await.unwrap();
    assert!(series[0].points.iter().all(|(_, value)| *value == f64::INFINITY));

    let fake = Fake::recorded("prometheus-3-range-histogram.json").await;
    assert_eq!(Prometheus::new(&http(), &fake.url).range("up", 0, 1, step).await.unwrap(), []);

    let fake = Fake::start(400, recorded("prometheus-2.42-range-refused.json")).await;
    let error = Prometheus::new(&http(), &fake.url).range("up{", 0, 1, step).await.unwrap_err();
    assert!(error.to_string().contains("400: 1:4: parse error"), "{error}");
}

#[tokio::test]
async fn prometheus_tells_of_alerts_targets_and_rules() {
    let fake = Fake::recorded("prometheus-2.42-alerts.json").await;
    let alerts = Prometheus::new(&http(), &fake.url).alerts().await.unwrap();
    assert_eq!(alerts.len(), 3);
    assert!(alerts[0].firing && alerts[0].value == 0.0);
    assert_eq!(alerts[0].active_ts, Some(ms("2026-11-21T20:12:31.772Z")));

    let fake = Fake::recorded("prometheus-2.42-targets.json").await;
    let targets = Prometheus::new(&http(), &fake.url).targets().await.unwrap();
    assert_eq!(targets.len(), 3);
    let down = targets.iter().find(|target| target.job == "media").unwrap();
    assert_eq!((down.instance.as_str(), down.up), ("127.0.0.1:19399", Some(false)));
    assert!(down.last_error.ends_with("connection refused"), "{}", down.last_error);

    let fake = Fake::recorded("prometheus-2.42-rules.json").await;
    let rules = Prometheus::new(&http(), &fake.url).rules().await.unwrap();
    assert_eq!(rules, ["DiskFull", "InstanceDown", "Watchdog"]);

    let fake = Fake::start(200, "Prometheus Server is Ready.\n").await;
    assert!(Prometheus::new(&http(), &fake.url).ready().await.unwrap());
    assert_eq!(fake.asked().0, "GET /some/prefix/-/ready");
    let fake = Fake::start(503, "Service Unavailable").await;
    assert!(!Prometheus::new(&http(), &fake.url).ready().await.unwrap());
}

#[tokio::test]
async fn lokis_lines_come_in_order_and_without_colours() {
    let fake = Fake::recorded("loki-documented-range.json").await;
    let there = Loki::new(&http(), &fake.url);
    let lines = there.tail("{job=\"media\"}", 2, 1_795_292_000_000).await.unwrap();
    let expected =
        [(1_795_292_010_000, "mounting".to_owned()), (1_795_292_019_000, "ERR disk full".to_owned())];
    assert_eq!(lines, expected);
    let query = "query=%7Bjob%3D%22media%22%7D&start=1795292000000000000&limit=2&direction=backward";
    assert_eq!(fake.asked().0, format!("GET /some/prefix/loki/api/v1/query_range?{query}"));
    let numbers = recorded("prometheus-2.42-range.json");
    let fake = Fake::start(200, numbers).await;
    let error = Loki::new(&http(), &fake.url).tail("rate({a=\"b\"}[1m])", 2, 0).await.unwrap_err();
    assert!(error.to_string().contains("asks for numbers"), "{error}");
}

#[tokio::test]
async fn what_goes_wrong_says_which_server_and_keeps_the_password() {
    let told = |error: ApiError| {
        let text = format!("{error} {error:?}");
        assert!(!text.contains("hunter2") && !text.contains("me:") && !text.contains("me@"), "{text}");
        assert!(error.to_string().starts_with("Alertmanager at http://127.0.0.1:"), "{text}");
        error.fault
    };
    let elsewhere = Fake::start(302, "").await;
    let fault = told(Alertmanager::new(&http(), &elsewhere.url).status().await.unwrap_err());
    assert!(matches!(fault, Fault::Refused { status: 302, .. }), "{fault:?}");

    let page = Fake::start(200, "<html>Sign in</html>").await;
    let fault = told(Alertmanager::new(&http(), &page.url).status().await.unwrap_err());
    assert!(matches!(fault, Fault::Strange(..)), "{fault:?}");

    let flood = Fake::start(200, vec![b' '; MOST_BYTES + 1]).await;
    let fault = told(Alertmanager::new(&http(), &flood.url).status().await.unwrap_err());
    assert!(matches!(fault, Fault::TooLarge), "{fault:?}");

    let mut nobody = flood.url.clone();
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    nobody.set_port(Some(free)).unwrap();
    let fault = told(Alertmanager::new(&http(), &nobody).status().await.unwrap_err());
    assert!(matches!(fault, Fault::Unreachable(..)), "{fault:?}");
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up() {
    let silent = serve(Router::new().fallback(std::future::pending::<Answer>)).await;
    let hasty = Http(reqwest::Client::builder().timeout(Duration::from_millis(20)).build().unwrap());
    let error = Prometheus::new(&hasty, &silent).alerts().await.unwrap_err();
    assert!(matches!(error.fault, Fault::Slow), "{error}");
}

/// What is wrong with a value by the servers' own descriptions.
fn complaints(file: &str, schema: &str, value: &Value) -> Vec<String> {
    let mut root: Value = serde_json::from_str(&recorded(file)).unwrap();
    root["$ref"] = schema.into();
    let validator = jsonschema::validator_for(&root).unwrap();
    validator.iter_errors(value).map(|error| error.to_string()).collect()
}

#[test]
fn what_was_recorded_is_what_prometheus_describes() {
    for (name, schema) in [
        ("prometheus-2.42-range.json", "QueryRangeOutputBody"),
        ("prometheus-2.42-range-infinite.json", "QueryRangeOutputBody"),
        ("prometheus-3-range-histogram.json", "QueryRangeOutputBody"),
        ("prometheus-2.42-range-refused.json", "Error"),
        ("prometheus-2.42-alerts.json", "AlertsOutputBody"),
        ("prometheus-2.42-targets.json", "TargetsOutputBody"),
        ("prometheus-2.42-rules.json", "RulesOutputBody"),
    ] {
        let value: Value = serde_json::from_str(&recorded(name)).unwrap();
        let schema = format!("#/components/schemas/{schema}");
        let mut complaints = complaints("prometheus.schema.json", &schema, &value);
        // Required since a later version; we don't read it.
        complaints.retain(|complaint| complaint != "\"droppedTargetCounts\" is a required property");
        assert_eq!(complaints, Vec::<String>::new(), "{name}");
    }
}

#[test]
fn what_was_recorded_and_what_we_send_is_what_alertmanager_describes() {
    let complaints = |schema: &str, value: &Value| {
        complaints("alertmanager.schema.json", &format!("#/definitions/{schema}"), value)
    };
    // Required since later versions; we read none of them.
    let later = ["annotations", "mutedBy", "routeLabels"];
    for (name, schema) in [
        ("alertmanager-0.25-groups.json", "alertGroups"),
        ("alertmanager-0.25-alerts.json", "gettableAlerts"),
        ("alertmanager-0.25-silences.json", "gettableSilences"),
        ("alertmanager-0.25-status.json", "alertmanagerStatus"),
    ] {
        let value: Value = serde_json::from_str(&recorded(name)).unwrap();
        for complaint in complaints(schema, &value) {
            let known = later.iter().any(|field| complaint == format!("\"{field}\" is a required property"));
            assert!(known, "{name}: {complaint}");
        }
    }
    let sent = alertmanager::body(&new_silence(), Some("15edbbb2-cd85-44fc-ba59-288129f49c15")).unwrap();
    assert_eq!(complaints("postableSilence", &sent), Vec::<String>::new());
    let mut wrong = sent.clone();
    wrong["matchers"] = Value::Array(Vec::new());
    assert_eq!(complaints("postableSilence", &wrong).len(), 1);
    assert!(alertmanager::body(&NewSilence { ends_ts: i64::MAX, ..new_silence() }, None).is_none());
}
