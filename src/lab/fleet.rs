//! The demo fleet: three nodes, each one supervisord in a folder of its own, and the services that can be deployed on
//! them: real processes with a page, a health check and metrics.

mod services;
mod sockets;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use super::cache::Installation;
use super::lab_json::ServiceInfo;
use super::state::{NODES, State};
use super::supervise::{Orphans, Program};
use super::{LabError, assets, files, process};

use services::Service;

const ADDRESS: &str = "127.0.0.1";

/// The fleet of one lab.
pub(super) struct Fleet {
    dir: PathBuf,
    id: String,
    services: BTreeMap<String, Service>,
    nodes: Vec<Node>,
}

struct Node {
    name: &'static str,
    root: PathBuf,
    socket: PathBuf,
    ports: BTreeMap<String, u16>,
}

/// A service on a node, as monitoring wants to know it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Expected {
    /// Its name.
    pub(super) service: String,
    /// The node.
    pub(super) node: &'static str,
    /// Where it answers, if it runs: host and port.
    pub(super) address: String,
    /// Whether it should run.
    pub(super) is_deployed: bool,
}

impl Node {
    fn pid_file(&self, service: &str) -> PathBuf {
        self.root.join(format!("run/{service}.pid"))
    }

    fn journal(&self) -> PathBuf {
        self.root.join("journal")
    }

    /// Whether a service is deployed here: it has its program file and was started, which the journal tells. Between the
    /// two a deployment takes its time.
    fn has(&self, service: &str) -> bool {
        let journal = || {
            let text = std::fs::read_to_string(self.journal().join(format!("{service}.log"))).ok()?;
            let last = text.lines().last()?;
            Some(last.split(' ').nth(1)? != "remove")
        };
        self.root.join(format!("conf.d/{service}.conf")).exists() && journal().unwrap_or(false)
    }
}

impl Fleet {
    /// Plans it; nothing is written yet.
    pub(super) fn new(state: &State) -> Self {
        let services = services::all();
        let node = |(index, name): (usize, &'static str)| {
            let root = state.folder.join("fleet").join(name);
            let ports = services.keys().enumerate();
            let ports = ports.map(|(n, service)| (service.clone(), state.service_port(index, n))).collect();
            Node { name, socket: sockets::place(&root, &state.id, name), root, ports }
        };
        let nodes = NODES.into_iter().enumerate().map(node).collect();
        Self { dir: state.folder.clone(), id: state.id.clone(), services, nodes }
    }

    /// Makes the nodes' folders, the inventory and the services file; safe to repeat.
    pub(super) fn write(&self, installation: &Installation) -> Result<(), LabError> {
        for node in &self.nodes {
            for folder in ["conf.d", "run", "journal", "logs", "bin"] {
                files::make_folder(&node.root.join(folder))?;
            }
            for service in self.services.keys() {
                let journal = node.journal().join(format!("{service}.log"));
                let open = std::fs::File::options().create(true).append(true).open(&journal);
                open.map_err(LabError::file(&journal, "can't be made"))?;
            }
            files::write_private(&node.root.join("bin/demo_service.py"), assets::DEMO_SERVICE)?;
            files::write_private(&node.root.join("supervisord.conf"), supervisord(node))?;
            sockets::prepare(&node.socket)?;
        }
        files::write_private(&self.services_file(), assets::SERVICES)?;
        files::write_private(&self.hosts_file(), self.hosts(installation))
    }

    /// The Ansible inventory.
    pub(super) fn hosts_file(&self) -> PathBuf {
        self.dir.join("hosts.yml")
    }

    /// What can be deployed.
    pub(super) fn services_file(&self) -> PathBuf {
        self.dir.join("services.toml")
    }

    /// How the nodes are started.
    pub(super) fn programs(&self, installation: &Installation) -> Vec<Program> {
        let program = |node: &Node| Program {
            name: node.name.into(),
            program: installation.program("python"),
            arguments: [installation.program("supervisord").into_os_string(), "-n".into(), "-c".into()]
                .into_iter()
                .chain([node.root.join("supervisord.conf").into_os_string()])
                .collect(),
            environment: Vec::new(),
            folder: node.root.clone(),
            log: self.dir.join(format!("logs/{}.log", node.name)),
            final_code: None,
            orphans: Orphans::PidFiles(node.root.join("run")),
            grace: Duration::from_secs(5),
        };
        self.nodes.iter().map(program).collect()
    }

    /// Whether all nodes take orders.
    pub(super) fn is_ready(&self) -> bool {
        self.nodes.iter().all(|node| std::os::unix::net::UnixStream::connect(&node.socket).is_ok())
    }

    /// What lies outside of the lab's folder.
    pub(super) fn clear(&self) {
        for node in &self.nodes {
            sockets::clear(&node.socket, &node.root);
        }
    }

    /// All that can be deployed, and what runs of it.
    pub(super) fn look(&self) -> BTreeMap<String, super::lab_json::NodeInfo> {
        let node = |node: &Node| {
            let services = self.services.iter().map(|(name, service)| {
                let health = service.health(ADDRESS, node.ports[name]);
                let journal = node.journal().join(format!("{name}.log"));
                let pid = process::from_pid_file(&node.pid_file(name), &self.id);
                (name.clone(), ServiceInfo { health, journal, pid })
            });
            (node.name.to_owned(), super::lab_json::NodeInfo { services: services.collect() })
        };
        self.nodes.iter().map(node).collect()
    }

    /// Every service on every node, and whether it should run there.
    pub(super) fn expected(&self) -> Vec<Expected> {
        let places = self.nodes.iter().flat_map(|node| node.ports.iter().map(move |place| (node, place)));
        let expected = |(node, (service, port)): (&Node, (&String, &u16))| Expected {
            service: service.clone(),
            node: node.name,
            address: format!("{ADDRESS}:{port}"),
            is_deployed: node.has(service),
        };
        places.map(expected).collect()
    }

    fn hosts(&self, installation: &Installation) -> String {
        let host = |node: &Node| {
            let host = Host {
                address: ADDRESS,
                ralf_init: "supervisord",
                ralf_root: node.root.clone(),
                ralf_python: installation.program("python"),
                ralf_supervisorctl: installation.program("supervisorctl"),
                ralf_supervisor_config: node.root.join("supervisord.conf"),
                ralf_supervisor_include: node.root.join("conf.d"),
                ralf_journal: node.journal(),
                ralf_ports: node.ports.clone(),
            };
            (node.name, host)
        };
        let all = All {
            vars: Vars {
                ansible_connection: "local",
                ansible_python_interpreter: installation.program("python"),
            },
            hosts: self.nodes.iter().map(host).collect(),
        };
        let text = serde_saphyr::to_string(&BTreeMap::from([("all", all)]));
        // Names, numbers and paths: there is nothing in it that can't be written.
        format!(
            "# The lab's nodes, as Ansible reads them. Written at every start.\n{}",
            text.unwrap_or_default()
        )
    }
}

#[derive(Serialize)]
struct All {
    vars: Vars,
    hosts: BTreeMap<&'static str, Host>,
}

#[derive(Serialize)]
struct Vars {
    ansible_connection: &'static str,
    ansible_python_interpreter: PathBuf,
}

#[derive(Serialize)]
struct Host {
    address: &'static str,
    ralf_init: &'static str,
    ralf_root: PathBuf,
    ralf_python: PathBuf,
    ralf_supervisorctl: PathBuf,
    ralf_supervisor_config: PathBuf,
    ralf_supervisor_include: PathBuf,
    ralf_journal: PathBuf,
    ralf_ports: BTreeMap<String, u16>,
}

fn supervisord(node: &Node) -> String {
    // supervisord reads `%` as the beginning of an expression.
    let plain = |path: &Path| path.display().to_string().replace('%', "%%");
    let user = if rustix::process::geteuid().is_root() { "user = root\n" } else { "" };
    format!(
        "; {name} of the lab. Written at every start; the services are in conf.d.\n\
         [unix_http_server]\nfile = {socket}\nchmod = 0700\n\n\
         [supervisord]\nidentifier = {name}\n{user}nodaemon = true\nlogfile = {root}/logs/supervisord.log\n\
         pidfile = {root}/supervisord.pid\nchildlogdir = {root}/logs\n\n\
         [rpcinterface:supervisor]\n\
         supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\n\n\
         [supervisorctl]\nserverurl = unix://{socket}\n\n\
         [include]\nfiles = {root}/conf.d/*.conf\n",
        name = node.name,
        socket = plain(&node.socket),
        root = plain(&node.root),
    )
}
