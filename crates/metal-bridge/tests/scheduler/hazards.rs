//! Order by buffers, and work that goes on without a worker.

use std::sync::{Arc, Mutex, mpsc};

use super::common::*;
use metal_bridge::scheduler::Cause;
use metal_bridge::{Error, PendingOperation};

type Log = Arc<Mutex<Vec<&'static str>>>;

fn note(log: &Log, what: &'static str) -> impl FnOnce() -> metal_bridge::Result<()> + Send + 'static {
    let log = log.clone();
    move || {
        log.lock().unwrap().push(what);
        Ok(())
    }
}

#[test]
fn buffers_order_operations() {
    let manager = manager(4);
    let log = Log::default();
    let (x, y) = (buffer(&manager), buffer(&manager));
    let (sender, receiver) = mpsc::channel::<()>();
    let first = note(&log, "write x");
    queue(&manager, |o| {
        o.output_buffers([&x]).execute(move || {
            let _ = receiver.recv();
            first()
        })
    });
    queue(&manager, |o| o.input_buffers([&x]).output_buffers([&y]).execute(note(&log, "y from x")));
    queue(&manager, |o| o.output_buffers([&x]).execute(note(&log, "write x again")));
    let last = queue(&manager, |o| o.input_buffers([&x, &y]).execute(note(&log, "read both")));
    let free = queue(&manager, |o| o.input_buffers([&x]).hazard_tracking(false).execute(note(&log, "free")));
    manager.wait_for_operation(free).unwrap();
    sender.send(()).unwrap();
    manager.wait_for_operation(last).unwrap();
    assert_eq!(*log.lock().unwrap(), ["free", "write x", "y from x", "write x again", "read both"]);
}

#[test]
fn readers_run_side_by_side() {
    let manager = manager(2);
    let x = buffer(&manager);
    let (to_second, from_first) = mpsc::channel();
    let (to_first, from_second) = mpsc::channel();
    let first = queue(&manager, |o| {
        o.input_buffers([&x]).execute(move || {
            to_second.send(()).unwrap();
            from_second.recv().map_err(Error::other)
        })
    });
    queue(&manager, |o| {
        o.input_buffers([&x]).execute(move || {
            from_first.recv().map_err(Error::other)?;
            to_first.send(()).map_err(Error::other)
        })
    });
    manager.wait_for_operation(first).unwrap();
}

#[test]
fn order_by_buffers_cancels_nothing() {
    let manager = manager(2);
    let x = buffer(&manager);
    let (bad, end) = {
        let (sender, receiver) = mpsc::channel();
        let id = queue(&manager, |o| o.output_buffers([&x]).execute(move || receiver.recv().unwrap()));
        (id, sender)
    };
    let reader = queue(&manager, |o| o.input_buffers([&x]));
    let declared = queue(&manager, |o| o.input_buffers([&x]).depends_on(bad));
    end.send(Err(Error::other("bad"))).unwrap();
    manager.wait_for_operation(reader).unwrap();
    assert_failed(manager.wait_for_operation(declared), bad, "bad");
}

#[test]
fn a_cancelled_operation_keeps_the_order_of_those_around_it() {
    let manager = manager(2);
    let log = Log::default();
    let x = buffer(&manager);
    let (sender, receiver) = mpsc::channel::<()>();
    let first = note(&log, "first");
    queue(&manager, |o| {
        o.output_buffers([&x]).execute(move || {
            let _ = receiver.recv();
            first()
        })
    });
    let middle = queue(&manager, |o| o.output_buffers([&x]).execute(note(&log, "middle")));
    let last = queue(&manager, |o| o.output_buffers([&x]).execute(note(&log, "last")));
    assert_eq!(manager.cancel_operation(middle), Ok(true));
    let limit = std::time::Duration::from_millis(10);
    manager.wait_for_operation_timeout(last, limit).unwrap_err();
    sender.send(()).unwrap();
    manager.wait_for_operation(last).unwrap();
    assert_eq!(*log.lock().unwrap(), ["first", "last"]);
}

#[test]
fn command_buffers_in_flight_take_no_worker() {
    let (null, manager) = steered(1);
    null.hold();
    let x = buffer(&manager);
    let fill = {
        let x = x.clone();
        move |o: PendingOperation| {
            o.output_buffers([&x.clone()]).execute_command_buffer(move |_, command_buffer| {
                let mut blit = command_buffer.new_blit_command_encoder()?;
                blit.fill_buffer(&x, 0..16, 1)?;
                blit.end_encoding()
            })
        }
    };
    let first = queue(&manager, fill.clone());
    let second = queue(&manager, fill);
    let other = queue(&manager, |o| o.execute(|| Ok(())));
    manager.wait_for_operation(other).unwrap();
    while null.commands().is_empty() {
        std::thread::yield_now();
    }
    assert_eq!(manager.operation_result(first), Ok(None));
    // The second is encoded when the first has ended.
    assert_eq!(null.commands().len(), 1);
    null.fail_next(Error::Internal { message: "a test".into() });
    null.release();
    let error = operation_error(manager.wait_for_operation(first));
    assert_eq!(error.cause(), &Cause::Failed(Error::Internal { message: "a test".into() }));
    manager.wait_for_operation(second).unwrap();
    assert_eq!(null.commands().len(), 2);
}

#[test]
fn encoding_errors_fail_the_operation() {
    let manager = manager(1);
    let id = queue(&manager, |o| {
        o.execute_command_buffer(|_, command_buffer| {
            drop(command_buffer.new_blit_command_encoder()?);
            Ok(())
        })
    });
    let error = operation_error(manager.wait_for_operation(id));
    assert!(matches!(error.cause(), Cause::Failed(Error::EncodingFailed { .. })), "{error}");
    // The function may commit and wait itself.
    let id = queue(&manager, |o| {
        o.execute_command_buffer(|_, command_buffer| {
            command_buffer.commit()?;
            command_buffer.wait_until_completed()
        })
    });
    manager.wait_for_operation(id).unwrap();
}

#[test]
fn completers_end_operations_from_anywhere() {
    let manager = manager(1);
    let (sender, receiver) = mpsc::channel();
    let id = queue(&manager, |o| {
        o.execute_async(move |_, completer| {
            sender.send(completer).unwrap();
            Ok(())
        })
    });
    let completer = receiver.recv().unwrap();
    let later = queue(&manager, |o| o.depends_on(id));
    assert_eq!(manager.operation_result(later), Ok(None));
    completer.complete(Ok(()));
    manager.wait_for_operation(later).unwrap();

    let now = queue(&manager, |o| {
        o.execute_async(|_, completer| {
            completer.complete(Err(Error::other("at once")));
            Ok(())
        })
    });
    assert_failed(manager.wait_for_operation(now), now, "at once");
    let abandoned = queue(&manager, |o| o.execute_async(|_, _| Ok(())));
    assert_eq!(operation_error(manager.wait_for_operation(abandoned)).cause(), &Cause::Abandoned);
    // The function's own error counts.
    let failed = queue(&manager, |o| o.execute_async(|_, _| Err(Error::other("not begun"))));
    assert_failed(manager.wait_for_operation(failed), failed, "not begun");
    assert_all_ended(manager.get_stats());
}

#[test]
fn a_pipeline_of_command_buffers_computes() {
    use metal_bridge::{CommandBufferManager, Device, ResourceOptions};
    let device = Device::system_default().unwrap();
    let manager = CommandBufferManager::new(&device, &device.new_command_queue().unwrap()).unwrap();
    let buffers: Vec<_> = (0..10)
        .map(|_| device.new_buffer_with_length(1 << 16, ResourceOptions::default()).unwrap())
        .collect();
    for round in 1..=5u8 {
        for pair in buffers.windows(2) {
            let (from, to) = (pair[0].clone(), pair[1].clone());
            queue(&manager, |o| {
                o.input_buffers([&from.clone()]).output_buffers([&to.clone()]).execute_command_buffer(
                    move |_, command_buffer| {
                        let mut blit = command_buffer.new_blit_command_encoder()?;
                        blit.copy_from_buffer(&from, 0, &to, 0, 1 << 16)?;
                        blit.end_encoding()
                    },
                )
            });
        }
        let first = buffers[0].clone();
        queue(&manager, |o| {
            o.output_buffers([&first.clone()]).execute(move || first.write(&vec![round; 1 << 16]))
        });
    }
    manager.shutdown().unwrap();
    assert!(buffers[0].read::<u8>().unwrap().iter().all(|byte| *byte == 5));
    assert!(buffers[1..].iter().all(|buffer| buffer.read::<u8>().unwrap().iter().all(|byte| *byte == 4)));
}
