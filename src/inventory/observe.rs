//! How the services are, asked at their health addresses. Reads only.

use std::time::Duration;

use futures_util::StreamExt as _;

use super::Inventory;

/// How long one service may take to answer.
const LIMIT: Duration = Duration::from_secs(1);
/// How many are asked at a time.
const AT_ONCE: usize = 32;

/// What a service was found to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It answers 200.
    Running,
    /// Nobody listens there.
    Stopped,
    /// Neither can be said.
    Unknown,
}

/// One service on one host, as it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The service's name.
    pub service: String,
    /// The host's name.
    pub host: String,
    /// What it was found to be.
    pub state: State,
    /// What was seen, in words.
    pub saw: String,
}

/// The client that asks: no proxy, no redirects, one second.
///
/// # Errors
/// When no TLS can be set up.
pub fn client() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(LIMIT)
        .pool_max_idle_per_host(0)
        .build()
}

/// Asks every service on every host where it has a port of its own or is listed; `wanted` narrows it (service, host).
/// Sorted by service and host.
pub async fn observe(
    inventory: &Inventory,
    client: &reqwest::Client,
    wanted: impl Fn(&str, &str) -> bool,
) -> Vec<Seen> {
    let mut asked = Vec::new();
    for (name, service) in &inventory.services {
        for (host_name, host) in &inventory.hosts {
            let here = host.port(name).is_some() || service.hosts.contains(host_name);
            if here && wanted(name, host_name) {
                let url = service.health.as_ref().map(|health| {
                    let on = (host_name.as_str(), host);
                    service.fill(health, name, &service.version, on)
                });
                asked.push((name.clone(), host_name.clone(), url));
            }
        }
    }
    let mut seen: Vec<Seen> = futures_util::stream::iter(asked)
        .map(|(service, host, url)| async move {
            let (state, saw) = match url {
                None => (State::Unknown, "it has no health address".to_owned()),
                Some(Err(name)) => {
                    (State::Unknown, format!("its health address needs {{{name}}}, which {host} has not"))
                }
                Some(Ok(url)) => ask(client, &url).await,
            };
            Seen { service, host, state, saw }
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    seen.sort_by(|a, b| (&a.service, &a.host).cmp(&(&b.service, &b.host)));
    seen
}

async fn ask(client: &reqwest::Client, url: &str) -> (State, String) {
    match client.get(url).send().await {
        Ok(answer) if answer.status() == 200 => (State::Running, format!("{url} answers 200")),
        Ok(answer) => (State::Unknown, format!("{url} answers {}", answer.status().as_u16())),
        Err(error) if error.is_timeout() => {
            (State::Unknown, format!("{url} does not answer within a second"))
        }
        Err(error) if error.is_connect() && refused(&error) => {
            (State::Stopped, format!("nothing listens at {url}"))
        }
        Err(error) => (State::Unknown, format!("{url}: {}", root(&error))),
    }
}

fn refused(error: &reqwest::Error) -> bool {
    causes(error).any(|cause| {
        let io = cause.downcast_ref::<std::io::Error>();
        io.is_some_and(|io| io.kind() == std::io::ErrorKind::ConnectionRefused)
    })
}

fn root(error: &reqwest::Error) -> String {
    causes(error).last().map_or_else(String::new, ToString::to_string)
}

fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error as &(dyn std::error::Error + 'static)), |error| error.source())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;
    use crate::inventory::{Host, Service};

    #[tokio::test]
    async fn running_stopped_and_unknown() {
        let well = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let ill = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = |listener: &tokio::net::TcpListener| listener.local_addr().expect("bound").port();
        let ports = serde_json::json!({"well": port(&well), "ill": port(&ill), "gone": port(&gone)});
        drop(gone);
        for (listener, answer) in [(well, "200 OK"), (ill, "503 Busy")] {
            tokio::spawn(async move {
                while let Ok((mut stream, _)) = listener.accept().await {
                    let read = stream.read(&mut [0; 1024]).await.expect("a request");
                    assert!(read > 0);
                    let text = format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                    stream.write_all(text.as_bytes()).await.expect("written");
                }
            });
        }
        let vars = [("address", "127.0.0.1".into()), ("ralf_ports", ports)];
        let host = Host::new(vars.into_iter().map(|(name, value)| (name.to_owned(), value)).collect());
        let service: Service =
            toml::from_str("command = \"x\"\nhealth = \"http://{address}:{port}/\"").expect("a service");
        let services = ["well", "ill", "gone", "elsewhere"].map(|name| (name.to_owned(), service.clone()));
        let inventory = Inventory {
            hosts: BTreeMap::from([("n1".to_owned(), host)]),
            services: BTreeMap::from(services),
            ..Inventory::default()
        };
        let seen = observe(&inventory, &client().expect("a client"), |_, _| true).await;
        let states: Vec<_> = seen.iter().map(|seen| (seen.service.as_str(), seen.state)).collect();
        assert_eq!(states, [("gone", State::Stopped), ("ill", State::Unknown), ("well", State::Running)]);
        assert!(seen[1].saw.ends_with("answers 503"), "{}", seen[1].saw);
    }
}
