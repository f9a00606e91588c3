//! The command buffer manager: order, errors, waiting, shutting down.

#[path = "scheduler/common.rs"]
mod common;
#[path = "scheduler/errors.rs"]
mod errors;
#[path = "scheduler/hazards.rs"]
mod hazards;
#[path = "scheduler/observe.rs"]
mod observe;
#[path = "scheduler/random.rs"]
mod random;
#[path = "scheduler/shutdown.rs"]
mod shutdown;
#[path = "scheduler/stress.rs"]
mod stress;
#[path = "scheduler/waiting.rs"]
mod waiting;
