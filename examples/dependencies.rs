//! Operations that depend on each other: some run at the same time, and an error reaches all that need what failed,
//! with its reason.
//!
//! ```text
//! cargo run --release -p metal-bridge-examples --bin dependencies
//! ```

use std::time::Duration;

use anyhow::{Result, ensure};
use metal_bridge::{CommandBufferManager, Device, Error, PendingOperation, ResourceOptions};

fn main() -> Result<()> {
    let device = Device::system_default()?;
    let manager = CommandBufferManager::new(&device, &device.new_command_queue()?)?;
    manager.start_trace(100);

    // Two loads at the same time, a sum of both when they have ended. The buffers that operations declare order them:
    // no dependency has to be named.
    let buffer = || device.new_buffer_with_length(4 * size_of::<f32>(), ResourceOptions::default());
    let (left, right, sum) = (buffer()?, buffer()?, buffer()?);
    for (label, target, first) in [("load left", left.clone(), 1.0f32), ("load right", right.clone(), 10.0)] {
        let operation = PendingOperation::new(manager.generate_operation_id())
            .label(label)
            .output_buffers([&target.clone()])
            .execute(move || {
                std::thread::sleep(Duration::from_millis(20));
                target.write(&[first, first + 1.0, first + 2.0, first + 3.0])
            });
        manager.queue_operation(operation)?;
    }
    let add = manager.generate_operation_id();
    let (a, b, to) = (left.clone(), right.clone(), sum.clone());
    manager.queue_operation(
        PendingOperation::new(add)
            .label("add")
            .input_buffers([&left, &right])
            .output_buffers([&sum])
            .execute(move || {
                let (a, b) = (a.read::<f32>()?, b.read::<f32>()?);
                let added: Vec<f32> = a.iter().zip(&b).map(|(a, b)| a + b).collect();
                to.write(&added)
            }),
    )?;
    manager.wait_for_operation(add)?;
    println!("sum: {:?}", sum.read::<f32>()?);

    // A chain in which the first link breaks: the others are cancelled, and know why.
    let [fetch, decode, show] = std::array::from_fn(|_| manager.generate_operation_id());
    manager.queue_operation(
        PendingOperation::new(fetch)
            .label("fetch")
            .execute(|| Err(Error::other(std::io::Error::other("the server does not answer")))),
    )?;
    for (label, id, before) in [("decode", decode, fetch), ("show", show, decode)] {
        let operation = PendingOperation::new(id).label(label).depends_on(before).execute(|| Ok(()));
        manager.queue_operation(operation)?;
    }
    let error = manager.wait_for_operation(show).expect_err("what it needs has failed");
    println!("show: {error}");

    let trace = manager.stop_trace();
    for operation in &trace.operations {
        let label = operation.label.as_deref().unwrap_or("?");
        println!(
            "{label:<11} {:6.1} ms on worker {}",
            (operation.end - operation.begin) * 1e3,
            operation.worker
        );
    }
    let begin = |wanted: &str| {
        trace.operations.iter().find(|o| o.label.as_deref() == Some(wanted)).map(|o| (o.begin, o.end))
    };
    if let (Some(left), Some(right)) = (begin("load left"), begin("load right")) {
        println!("the loads overlapped: {}", left.0 < right.1 && right.0 < left.1);
    }
    ensure!(sum.read::<f32>()? == [11.0, 13.0, 15.0, 17.0], "the sum is wrong");
    Ok(())
}
