//! A node for tests: a real supervisord in a temporary folder, and an inventory that names it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::config::{self, InventoryFiles};
use crate::inventory::Source;
use crate::lab::{Cache, LabError, Progress};

/// The folder with ansible-playbook, supervisord and supervisorctl: `$RALF_TEST_ANSIBLE`, else the lab's own, which is
/// installed if it is not there yet.
pub(crate) fn programs() -> PathBuf {
    if let Some(given) = std::env::var_os("RALF_TEST_ANSIBLE") {
        return given.into();
    }
    installed(|cache| async move { cache.programs(Progress::stderr()).await })
}

/// The `tofu` program: the lab's own, which is built if it is not there yet.
pub(crate) fn tofu() -> PathBuf {
    installed(|cache| async move { cache.tofu(Progress::stderr()).await })
}

/// What the lab's cache has or gets; works with and without a runtime around it.
fn installed<F: Future<Output = Result<PathBuf, LabError>>>(
    get: impl FnOnce(Cache) -> F + Send + 'static,
) -> PathBuf {
    let install = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async { get(Cache::from_environment()?).await })
    };
    std::thread::spawn(install).join().expect("no panic").expect("it is installed")
}

/// A service whose health answers and that notes its arguments.
const SERVICE: &str = r#"
import http.server, json, sys
json.dump(sys.argv[1:], open(sys.argv[1], "w"))
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_):
        pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[2])), Handler).serve_forever()
"#;

/// One node with its own supervisord; ends with the value.
pub(crate) struct Node {
    folder: tempfile::TempDir,
    supervisord: Child,
    /// The port of the service `web`.
    pub(crate) port: u16,
}

impl Node {
    /// Starts one. `services` follows `[services.web]`, which is always there.
    pub(crate) fn start(services: &str) -> Self {
        let programs = programs();
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().join("node-1");
        for inner in ["conf.d", "journal", "run"] {
            std::fs::create_dir_all(root.join(inner)).expect("a folder");
        }
        let port =
            std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port();
        let at = root.display();
        let write = |path: PathBuf, text: String| std::fs::write(path, text).expect("written");
        write(root.join("service.py"), SERVICE.to_owned());
        write(
            root.join("supervisord.conf"),
            format!(
                "[unix_http_server]\nfile={at}/socket\n[supervisord]\nnodaemon=true\nlogfile={at}/supervisord.log\n\
                 pidfile={at}/supervisord.pid\n[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory = \
                 supervisor.rpcinterface:make_main_rpcinterface\n[supervisorctl]\nserverurl=unix://{at}/socket\n\
                 [include]\nfiles={at}/conf.d/*.conf\n"
            ),
        );
        write(
            folder.path().join("hosts.yml"),
            format!(
                "all:\n  vars: {{ansible_connection: local, secret_token: hunter2hunter2}}\n  hosts:\n    node-1:\n      \
                 address: 127.0.0.1\n      ralf_init: supervisord\n      ralf_root: {at}\n      \
                 ralf_supervisorctl: {bin}/supervisorctl\n      ralf_supervisor_config: {at}/supervisord.conf\n      \
                 ralf_supervisor_include: {at}/conf.d\n      ralf_journal: {at}/journal\n      ralf_ports: {{web: {port}}}\n    \
                 far: {{ansible_connection: ssh, ansible_host: 127.0.0.1, ansible_port: 1, ralf_root: /srv/far, ralf_ports: {{web: 1}}}}\n",
                bin = programs.display()
            ),
        );
        write(
            folder.path().join("services.toml"),
            format!(
                "[services.web]\nversion = \"1.0\"\ncommand = \"python3 {{root}}/service.py {{root}}/run/web.json {{port}} \
                 {{version}}\"\nhealth = \"http://{{address}}:{{port}}/health\"\n{services}\n"
            ),
        );
        let supervisord = Command::new(programs.join("supervisord"))
            .arg("-c")
            .arg(root.join("supervisord.conf"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("supervisord starts");
        let node = Self { folder, supervisord, port };
        for _ in 0..200 {
            if std::os::unix::net::UnixStream::connect(node.root().join("socket")).is_ok() {
                return node;
            }
            std::thread::sleep(Duration::from_millis(25));
        }
        panic!("supervisord did not open its socket within 5 s");
    }

    /// The node's own folder.
    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().join("node-1")
    }

    /// A fresh run folder.
    pub(crate) fn run(&self, id: &str) -> PathBuf {
        self.folder.path().join("runs").join(id)
    }

    /// The inventory that names it.
    pub(crate) fn source(&self) -> Arc<Source> {
        let files = InventoryFiles {
            hosts: Some(self.folder.path().join("hosts.yml")),
            services: Some(self.folder.path().join("services.toml")),
        };
        Arc::new(Source::new(files, programs().join("ansible-playbook"), Clock::System))
    }

    /// Settings that use the shipped playbooks.
    pub(crate) fn settings() -> config::Ansible {
        config::Ansible {
            program: programs().join("ansible-playbook"),
            playbooks: Path::new(env!("CARGO_MANIFEST_DIR")).join("config/playbooks"),
            python: None,
            timeout: jiff::SignedDuration::from_secs(120),
        }
    }

    /// The lines of a service's journal without their times.
    pub(crate) fn journal(&self, service: &str) -> Vec<String> {
        let text =
            std::fs::read_to_string(self.root().join(format!("journal/{service}.log"))).unwrap_or_default();
        text.lines().map(|line| line.split_once(' ').expect("a time and more").1.to_owned()).collect()
    }

    /// Whether something listens on the port of `web`.
    pub(crate) fn listens(&self) -> bool {
        std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let pid = i32::try_from(self.supervisord.id()).ok().and_then(rustix::process::Pid::from_raw);
        if let Some(pid) = pid {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let _ = self.supervisord.wait();
    }
}
