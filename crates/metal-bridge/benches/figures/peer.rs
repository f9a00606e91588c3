//! Programs to compare with. `benches/peers/protocol.py` says how they are spoken to.

use std::io::{BufRead as _, BufReader, Write as _};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use crate::Result;
use crate::works::Against;

/// After this time a peer is taken to hang.
const PATIENCE: Duration = Duration::from_secs(180);

/// One of those compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    PyTorch,
    /// The same, with works of graphs: they need gradients, and another way to say what comes out.
    PyTorchGraphs,
    Jax,
    Pocl,
    /// Loops in C.
    Loops,
}

impl Peer {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::PyTorch | Self::PyTorchGraphs => "PyTorch",
            Self::Jax => "JAX",
            Self::Pocl => "PoCL",
            Self::Loops => "C loop",
        }
    }

    /// The program, from the directory in which `cargo xtask peers` puts what it installs and builds.
    fn command(self, directory: &Path) -> Command {
        let script = |name: &str| {
            let mut command = Command::new(directory.join("venv/bin/python"));
            command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers").join(name));
            command.env("PYTHONDONTWRITEBYTECODE", "1");
            command
        };
        match self {
            Self::PyTorch => script("pytorch.py"),
            Self::PyTorchGraphs => script("pytorch_graphs.py"),
            Self::Jax => script("jax_graphs.py"),
            Self::Pocl => script("pocl.py"),
            Self::Loops => Command::new(directory.join("loops")),
        }
    }
}

/// All peers. Each is started when it is first needed.
pub(crate) struct Peers {
    directory: PathBuf,
    threads: NonZeroUsize,
    /// By peer; why it is missing if it is.
    running: Vec<(Peer, std::result::Result<Running, String>)>,
}

impl Peers {
    pub(crate) fn new(directory: PathBuf, threads: NonZeroUsize) -> Self {
        Self { directory, threads, running: Vec::new() }
    }

    /// What each peer that was started says that it is, or why it could not be.
    pub(crate) fn versions(&self) -> impl Iterator<Item = (Peer, std::result::Result<&str, &str>)> {
        self.running.iter().map(|(peer, running)| {
            (*peer, running.as_ref().map(|running| running.version.as_str()).map_err(String::as_str))
        })
    }

    /// The program of a peer.
    pub(crate) fn command(&self, peer: Peer) -> Command {
        peer.command(&self.directory)
    }

    /// Makes a peer ready for its work; gives numbers of its result, if it lets them be compared.
    pub(crate) fn prepare(&mut self, against: &Against) -> Result<&[f64]> {
        let (threads, running) = (self.threads, self.running(against.peer)?);
        if running.prepared != against.work {
            running.prepared = "";
            let answer = running.ask(&format!("prepare {} {threads}", against.work))?;
            running.samples = numbers(answer.strip_prefix("ok").unwrap_or(&answer))?;
            running.prepared = against.work;
        }
        Ok(&running.samples)
    }

    /// Lets a peer do its work for so many seconds; gives the seconds of each run.
    pub(crate) fn round(&mut self, against: &Against, seconds: f64) -> Result<Vec<f64>> {
        self.prepare(against)?;
        Ok(numbers(&self.running(against.peer)?.ask(&format!("round {seconds}"))?)?)
    }

    fn running(&mut self, peer: Peer) -> Result<&mut Running> {
        // One that has crashed over some work may be fit for another.
        self.running.retain_mut(|(_, running)| running.as_mut().map_or(true, |running| !running.has_ended()));
        let index = match self.running.iter().position(|(other, _)| *other == peer) {
            Some(index) => index,
            None => {
                self.running.push((peer, Running::start(peer.command(&self.directory))));
                self.running.len() - 1
            }
        };
        Ok(self.running[index].1.as_mut().map_err(|reason| reason.clone())?)
    }
}

fn numbers(answer: &str) -> std::result::Result<Vec<f64>, String> {
    answer.split_whitespace().map(|word| word.parse().map_err(|_| format!("answered {answer}"))).collect()
}

/// A peer's process.
struct Running {
    child: Child,
    /// Its lines of output.
    lines: Receiver<String>,
    version: String,
    /// The work it is ready to do.
    prepared: &'static str,
    /// Numbers of that work's result.
    samples: Vec<f64>,
}

impl Running {
    fn start(mut command: Command) -> std::result::Result<Self, String> {
        let program = command.get_program().to_owned();
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = child.map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => "not installed; `cargo xtask peers` does it".to_owned(),
            _ => format!("{} could not be started: {error}", program.display()),
        })?;
        let output = child.stdout.take().ok_or("it has no output")?;
        let (sender, lines) = channel();
        thread::spawn(move || {
            let lines = BufReader::new(output).lines().map_while(std::io::Result::ok);
            lines.take_while(|line| sender.send(line.clone()).is_ok()).for_each(drop);
        });
        let mut running = Self { child, lines, version: String::new(), prepared: "", samples: Vec::new() };
        running.version = running.answer()?;
        Ok(running)
    }

    fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    fn ask(&mut self, request: &str) -> std::result::Result<String, String> {
        let input = self.child.stdin.as_mut().ok_or("it has no input")?;
        writeln!(input, "{request}").map_err(|_| "it has ended".to_owned())?;
        let answer = self.answer()?;
        match answer.strip_prefix("error ") {
            Some(error) => Err(error.to_owned()),
            None => Ok(answer),
        }
    }

    fn answer(&mut self) -> std::result::Result<String, String> {
        self.lines.recv_timeout(PATIENCE).map_err(|error| match error {
            RecvTimeoutError::Timeout => {
                let _ = self.child.kill();
                format!("no answer for {} s", PATIENCE.as_secs())
            }
            RecvTimeoutError::Disconnected => match self.child.wait() {
                Ok(status) => format!("it has ended ({status})"),
                Err(error) => format!("it has ended: {error}"),
            },
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
