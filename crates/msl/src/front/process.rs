//! Runs a program under limits of time, memory and output. Whatever it does, this returns.

use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use msl_types::CompilerFailure;

/// What a run may use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// When it is stopped, and the limit that this comes from.
    pub(crate) deadline: Instant,
    pub(crate) time: Duration,
    pub(crate) memory_mib: u64,
}

/// Most bytes that a program may give out, or write to a file.
const MOST_OUTPUT: u64 = 512 << 20;
/// Most bytes of messages that are kept.
const MOST_MESSAGES: u64 = 4 << 20;

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

/// Runs a program to its end, with nothing to read.
pub(crate) fn run(command: &mut Command, limits: Limits) -> Result<Output, CompilerFailure> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    #[cfg(unix)]
    {
        // A group of its own, so that it can be stopped with all that it started.
        use std::os::unix::process::CommandExt;
        command.process_group(0);
    }
    let program = command.get_program().to_string_lossy().into_owned();
    let child = command
        .spawn()
        .map_err(|e| CompilerFailure::Io { action: format!("starting {program}"), message: e.to_string() })?;
    let mut child = Running(child);
    child.limit(limits);
    let stdout = read_in_background(child.0.stdout.take(), MOST_OUTPUT);
    let stderr = read_in_background(child.0.stderr.take(), MOST_MESSAGES);
    let result = (|| {
        let stdout = receive(&stdout, limits)?;
        if stdout.len() as u64 >= MOST_OUTPUT {
            return Err(Stopped::Failed(format!("it gave out more than {} MiB", MOST_OUTPUT >> 20)));
        }
        let stderr = receive(&stderr, limits)?;
        let status = child.wait(limits)?;
        Ok(Output { status, stdout, stderr: String::from_utf8_lossy(&stderr).into_owned() })
    })();
    match result {
        Err(Stopped::Late) => Err(CompilerFailure::TimedOut { limit: limits.time }),
        Err(Stopped::Failed(message)) => {
            Err(CompilerFailure::Io { action: format!("running {program}"), message })
        }
        Ok(output) if ran_out_of_memory(&output) => {
            Err(CompilerFailure::OutOfMemory { limit_mib: limits.memory_mib })
        }
        Ok(output) => Ok(output),
    }
}

enum Stopped {
    Late,
    Failed(String),
}

/// A child that is stopped, with its group, when this is dropped.
struct Running(Child);

impl Running {
    /// Limits the child's memory (where the system can do that to another process) and keeps it from leaving
    /// core files behind.
    fn limit(&self, limits: Limits) {
        #[cfg(target_os = "linux")]
        {
            use rustix::process::{Pid, Resource, Rlimit, prlimit};
            let pid = Pid::from_child(&self.0);
            let bytes = Some(limits.memory_mib.saturating_mul(1 << 20));
            // Failing means that it has ended already.
            let _ = prlimit(Some(pid), Resource::As, Rlimit { current: bytes, maximum: bytes });
            let _ = prlimit(Some(pid), Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
            let _ = prlimit(
                Some(pid),
                Resource::Fsize,
                Rlimit { current: Some(MOST_OUTPUT), maximum: Some(MOST_OUTPUT) },
            );
        }
        #[cfg(not(target_os = "linux"))]
        let _ = limits;
    }

    /// Waits for a child that has closed its outputs, so will usually end at once.
    fn wait(&mut self, limits: Limits) -> Result<ExitStatus, Stopped> {
        let mut pause = Duration::from_micros(50);
        loop {
            match self.0.try_wait() {
                Ok(Some(status)) => return Ok(status),
                Ok(None) if Instant::now() >= limits.deadline => return Err(Stopped::Late),
                Ok(None) => thread::sleep(pause),
                Err(e) => return Err(Stopped::Failed(e.to_string())),
            }
            pause = (pause * 2).min(Duration::from_millis(10));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.0.try_wait(), Ok(Some(_))) {
            return;
        }
        #[cfg(unix)]
        {
            use rustix::process::{Pid, Signal, kill_process_group};
            let _ = kill_process_group(Pid::from_child(&self.0), Signal::KILL);
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

type Received = mpsc::Receiver<std::io::Result<Vec<u8>>>;

/// Reads all that a pipe gives, on a thread of its own; keeps at most `most` bytes.
fn read_in_background(pipe: Option<impl Read + Send + 'static>, most: u64) -> Received {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let result = match pipe {
            None => Ok(0),
            Some(mut pipe) => pipe
                .by_ref()
                .take(most)
                .read_to_end(&mut bytes)
                // What exceeds the limit is read on, so that the writer does not hang.
                .and_then(|_| std::io::copy(&mut pipe, &mut std::io::sink())),
        };
        // Nobody listens any more if the time was up.
        let _ = sender.send(result.map(|_| bytes));
    });
    receiver
}

fn receive(receiver: &Received, limits: Limits) -> Result<Vec<u8>, Stopped> {
    let left = limits.deadline.saturating_duration_since(Instant::now());
    match receiver.recv_timeout(left) {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(e)) => Err(Stopped::Failed(e.to_string())),
        Err(RecvTimeoutError::Timeout) => Err(Stopped::Late),
        Err(RecvTimeoutError::Disconnected) => Err(Stopped::Failed("its output could not be read".into())),
    }
}

/// Whether a program that failed says that it lacked memory.
fn ran_out_of_memory(output: &Output) -> bool {
    const SIGNS: [&str; 5] =
        ["out of memory", "bad_alloc", "cannot allocate", "allocation failed", "out of space"];
    // 0 and 1 are clang's own ways to end: its messages quote the source then.
    if matches!(output.status.code(), Some(0 | 1)) && !output.stderr.contains("LLVM ERROR: out of memory") {
        return false;
    }
    let end = output.stderr.len().saturating_sub(64 << 10);
    let tail = String::from_utf8_lossy(&output.stderr.as_bytes()[end..]).to_lowercase();
    SIGNS.iter().any(|s| tail.contains(s))
}

/// How a program ended, in words.
pub(crate) fn describe(status: ExitStatus) -> String {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt;
        if let Some(signal) = status.signal() {
            return format!("signal {signal}");
        }
    }
    match status.code() {
        Some(code) => format!("exit status {code}"),
        None => "no exit status".into(),
    }
}
