//! Running LLVM such that its failure is an error.
//!
//! LLVM's code generators end the process when they meet what they cannot handle. What is known to do that
//! is refused beforehand (`admit`); this is the second line: LLVM runs on a thread of its own with a large
//! stack, and on a fatal error that thread reports it and stops for ever instead of returning to LLVM.

use std::cell::RefCell;
use std::ffi::{CStr, c_char};
use std::sync::Once;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use crate::CompilerFailure;

/// Stack of a compiling thread: some of LLVM's passes recurse over the code.
const STACK_BYTES: usize = 64 << 20;
/// Time for one kernel; the largest known kernels need seconds.
const LIMIT: Duration = Duration::from_secs(120);

type Report = Box<dyn Fn(String)>;

thread_local! {
    /// Where the fatal error of this thread goes.
    static REPORT: RefCell<Option<Report>> = const { RefCell::new(None) };
}

/// Runs `work`, which may call LLVM, and returns its result, or what LLVM gave up with.
pub(super) fn contained<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, CompilerFailure> {
    static INSTALL: Once = Once::new();
    INSTALL.call_once(|| {
        // SAFETY: the handler is a plain function, valid for the life of the process.
        unsafe { llvm_sys::error_handling::LLVMInstallFatalErrorHandler(Some(fatal_error)) };
    });
    let (sender, receiver) = channel();
    let report: Sender<Result<T, CompilerFailure>> = sender.clone();
    let spawned =
        thread::Builder::new().name("msl-compiler".into()).stack_size(STACK_BYTES).spawn(move || {
            let failed = move |message| {
                // The receiver may have stopped waiting: then nobody wants to know.
                let _ = report.send(Err(CompilerFailure::Internal(format!("LLVM: {message}"))));
            };
            REPORT.set(Some(Box::new(failed)));
            let result = work();
            REPORT.set(None);
            let _ = sender.send(Ok(result));
        });
    if let Err(error) = spawned {
        return Err(CompilerFailure::Io {
            action: "starting a thread to compile".into(),
            message: error.to_string(),
        });
    }
    match receiver.recv_timeout(LIMIT) {
        Ok(result) => result,
        Err(RecvTimeoutError::Timeout) => Err(CompilerFailure::TimedOut { limit: LIMIT }),
        Err(RecvTimeoutError::Disconnected) => {
            Err(CompilerFailure::Internal("the compiling thread panicked".into()))
        }
    }
}

/// Called by LLVM instead of ending the process. Returning from here would end it.
extern "C" fn fatal_error(reason: *const c_char) {
    // SAFETY: LLVM passes a C string.
    let reason = unsafe { CStr::from_ptr(reason) }.to_string_lossy().into_owned();
    let reported = REPORT.with_borrow(|report| report.as_ref().map(|report| report(reason))).is_some();
    if reported {
        loop {
            thread::park();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fatal_errors_and_panics_are_errors() {
        assert_eq!(contained(|| 5), Ok(5));
        let failed = contained(|| fatal_error(c"cannot select".as_ptr()));
        assert_eq!(failed, Err(CompilerFailure::Internal("LLVM: cannot select".into())));
        let panicked = contained(|| panic!("a bug of ours, on purpose"));
        assert!(matches!(panicked, Err(CompilerFailure::Internal(_))), "{panicked:?}");
    }
}
