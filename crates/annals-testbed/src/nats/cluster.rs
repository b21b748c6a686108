//! Three servers that are one cluster, each of which can be cut off, paused, stopped or killed.
//!
//! Every server reaches every other one through a proxy of its own, and clients
//! reach each through one, so that any way between two can be cut alone.

use std::path::PathBuf;

use super::proxy::Proxy;
use super::server::{Member, installed};
use super::{Cut, Installation, Nats, Options};
use crate::Problem;
use crate::output::end_of;
use crate::wait::wait_for_answer;

/// How many servers a cluster has.
const SERVERS: usize = 3;

/// Three NATS servers of this process, numbered from 0, that keep JetStream's streams together.
///
/// They end when it is dropped. A number that no server has makes every function panic, as an
/// index does.
#[derive(Debug)]
pub struct Cluster {
    servers: Vec<Nats>,
    /// The ways of clients, one for each server.
    clients: Vec<Proxy>,
    routes: Vec<Route>,
}

/// The way by which one server connects to another.
#[derive(Debug)]
struct Route {
    from: usize,
    to: usize,
    proxy: Proxy,
}

impl Cluster {
    /// Starts three servers on new folders, all with the same options, and waits until they are a
    /// cluster; less than a second.
    ///
    /// # Errors
    /// As for [`Nats::start`], or they find no leader.
    pub fn start(options: &Options) -> Result<Self, Problem> {
        let installation = installed()?;
        let routes = routes()?;
        let mut cluster = Self { servers: Vec::new(), clients: Vec::new(), routes };
        for _ in 0..SERVERS {
            cluster.add(&installation, options)?;
        }
        cluster.wait_ready()?;
        Ok(cluster)
    }

    /// The URL of a server for clients, `nats://127.0.0.1:PORT`: to this server alone, through its
    /// proxy. Servers do not tell clients of each other.
    #[must_use]
    pub fn url(&self, server: usize) -> String {
        format!("nats://127.0.0.1:{}", self.clients[server].port())
    }

    /// The URLs of all servers, by number.
    #[must_use]
    pub fn urls(&self) -> Vec<String> {
        (0..SERVERS).map(|server| self.url(server)).collect()
    }

    /// The folder of what JetStream stores on a server, for who copies it or puts it back while
    /// that server does not run.
    #[must_use]
    pub fn folder(&self, server: usize) -> PathBuf {
        self.servers[server].folder()
    }

    /// Everything a server said since it was made.
    #[must_use]
    pub fn log(&self, server: usize) -> String {
        self.servers[server].log()
    }

    /// The process id of a server; none while it does not run.
    #[must_use]
    pub fn pid(&self, server: usize) -> Option<u32> {
        self.servers[server].pid()
    }

    /// Kills a server with SIGKILL and waits until it is gone.
    ///
    /// # Errors
    /// It cannot be signalled, or does not end within 60 s.
    pub fn kill(&mut self, server: usize) -> Result<(), Problem> {
        self.servers[server].kill()
    }

    /// Kills all servers, one right after the other.
    ///
    /// # Errors
    /// As for [`kill`](Self::kill).
    pub fn kill_all(&mut self) -> Result<(), Problem> {
        self.servers.iter_mut().try_for_each(Nats::kill)
    }

    /// Stops a server in order with SIGTERM, so that it hands on what it leads, and waits until it
    /// is gone.
    ///
    /// # Errors
    /// As for [`kill`](Self::kill).
    pub fn stop(&mut self, server: usize) -> Result<(), Problem> {
        self.servers[server].stop()
    }

    /// Stops a server where it is with SIGSTOP; connections stay open and nothing answers.
    ///
    /// # Errors
    /// It cannot be signalled, or looked at for want of `/proc`.
    pub fn pause(&mut self, server: usize) -> Result<(), Problem> {
        self.servers[server].pause()
    }

    /// Lets a paused server go on.
    ///
    /// # Errors
    /// As for [`pause`](Self::pause).
    pub fn resume(&mut self, server: usize) -> Result<(), Problem> {
        self.servers[server].resume()
    }

    /// Starts a server that was killed or stopped on its ports and its folder, and waits until it
    /// takes clients, which is before it has caught up with the others.
    ///
    /// # Errors
    /// It still runs, or it does not start; the problem has the end of its log.
    pub fn restart(&mut self, server: usize) -> Result<(), Problem> {
        self.servers[server].restart()
    }

    /// Starts every server again that does not run.
    ///
    /// # Errors
    /// One does not start.
    pub fn restart_all(&mut self) -> Result<(), Problem> {
        let mut down = self.servers.iter_mut().filter(|server| server.pid().is_none());
        down.try_for_each(Nats::restart)
    }

    /// Cuts the ways between these servers and the others, until [`heal`](Self::heal). What was
    /// cut before stays so. Clients reach all servers as before.
    pub fn partition(&self, group: &[usize], how: Cut) {
        for route in &self.routes {
            if group.contains(&route.from) != group.contains(&route.to) {
                route.proxy.cut(how);
            }
        }
    }

    /// Opens all ways between servers.
    pub fn heal(&self) {
        self.routes.iter().for_each(|route| route.proxy.open());
    }

    /// Cuts the way of clients to a server; other servers reach it as before.
    pub fn cut_clients(&self, server: usize, how: Cut) {
        self.clients[server].cut(how);
    }

    /// Opens the way of clients to a server.
    pub fn restore_clients(&self, server: usize) {
        self.clients[server].open();
    }

    /// Waits until every server that runs and is not paused follows the same leader and has all
    /// that leaders have. During a partition this says nothing: servers notice it late.
    ///
    /// After [`heal`](Self::heal) or a restart it takes up to 9 s, if there has to be an election.
    ///
    /// # Errors
    /// It took two minutes; the problem has the ends of the logs.
    pub fn wait_ready(&self) -> Result<(), Problem> {
        let running = self.running();
        self.wait("all servers are one cluster", || {
            let are_healthy =
                || running.iter().all(|one| self.servers[*one].monitor().is_healthy());
            (self.leader_among(&running).is_some() && are_healthy()).then_some(())
        })
    }

    /// Waits until all these servers say that the same one of them leads the cluster, and which.
    ///
    /// # Errors
    /// As for [`wait_ready`](Self::wait_ready).
    pub fn wait_for_leader(&self, among: &[usize]) -> Result<usize, Problem> {
        self.wait("the servers have a leader", || self.leader_among(among))
    }

    /// Waits until one server alone says that it leads a stream of JetStream, and which.
    ///
    /// # Errors
    /// As for [`wait_ready`](Self::wait_ready).
    pub fn wait_for_leader_of(&self, stream: &str) -> Result<usize, Problem> {
        let what = format!("the stream `{stream}` has a leader");
        self.wait(&what, || self.leader_of(stream))
    }

    /// The server that leads a stream of JetStream by its own account; none while nobody says so,
    /// or two do, as in a partition.
    #[must_use]
    pub fn leader_of(&self, stream: &str) -> Option<usize> {
        let running = self.running();
        let mut leaders =
            running.into_iter().filter(|one| self.servers[*one].monitor().leads(stream));
        leaders.next().filter(|_| leaders.next().is_none())
    }

    /// The server that leads the cluster, as far as this one knows; none while it knows of none,
    /// or does not answer.
    ///
    /// A follower goes on naming a lost leader for 4 s to 9 s, and a leader that lost the others
    /// names itself for about 20 s.
    #[must_use]
    pub fn leader_seen_by(&self, server: usize) -> Option<usize> {
        let leader = self.servers[server].monitor().leader()?;
        (0..SERVERS).find(|one| name_of(*one) == leader)
    }

    fn leader_among(&self, servers: &[usize]) -> Option<usize> {
        let leader = self.leader_seen_by(*servers.first()?)?;
        let agree = servers.iter().all(|one| self.leader_seen_by(*one) == Some(leader));
        (agree && servers.contains(&leader)).then_some(leader)
    }

    fn running(&self) -> Vec<usize> {
        (0..SERVERS).filter(|one| self.servers[*one].runs()).collect()
    }

    /// Adds the next server and lets the ways to it lead there.
    fn add(&mut self, installation: &Installation, options: &Options) -> Result<(), Problem> {
        let number = self.servers.len();
        let ours = self.routes.iter().filter(|route| route.from == number);
        let routes = ours.map(|route| route.proxy.port()).collect();
        let member = Member { name: name_of(number), routes };
        let server = Nats::start_as(installation, options, Some(member))?;
        for route in self.routes.iter().filter(|route| route.to == number) {
            route.proxy.lead_to(server.routes_port());
        }
        let clients = Proxy::start()?;
        clients.lead_to(server.port());
        self.clients.push(clients);
        self.servers.push(server);
        Ok(())
    }

    fn wait<T>(&self, what: &str, look: impl FnMut() -> Option<T>) -> Result<T, Problem> {
        wait_for_answer(what, look).map_err(|problem| {
            let logs = self.servers.iter().map(|server| end_of(&server.log()));
            let logs = logs.collect::<Vec<_>>().join("\n\n");
            Problem::new(problem.what(), logs, "what the servers said stands before this")
        })
    }
}

fn routes() -> Result<Vec<Route>, Problem> {
    let pairs = (0..SERVERS).flat_map(|from| (0..SERVERS).map(move |to| (from, to)));
    let pairs = pairs.filter(|(from, to)| from != to);
    pairs.map(|(from, to)| Ok(Route { from, to, proxy: Proxy::start()? })).collect()
}

fn name_of(server: usize) -> String {
    format!("annals-{server}")
}
