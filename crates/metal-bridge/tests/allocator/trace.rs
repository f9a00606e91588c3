//! A long trace like that of a training program: fragmentation stays bounded.

use super::{SHARED, allocator};
use metal_bridge::{AllocatorConfig, Buffer};

/// Steps of training; with some 30 steps a second, an hour has about a hundred thousand.
const STEPS: usize = 100_000;

/// A small generator, always the same.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % limit
    }
}

#[test]
fn an_hour_of_training_fragments_little() {
    let allocator = allocator(AllocatorConfig::new());
    let mut random = Random(1);
    let layers = [64usize, 128, 128, 256, 512, 1000];
    // Weights and the optimiser's moments live as long as the program.
    let weights: Vec<Buffer> = layers
        .windows(2)
        .flat_map(|pair| [pair[0] * pair[1] * 4; 3])
        .map(|length| allocator.allocate(length, SHARED).unwrap())
        .collect();
    let mut kept: Vec<Buffer> = Vec::new();
    let (mut worst, mut worst_ratio) = (0.0f64, 0.0f64);
    for step in 0..STEPS {
        // Batches and sequences vary in length, so activations do as well.
        let batch = 1 + random.below(64);
        let length = 16 + random.below(200);
        let mut activations = Vec::new();
        for width in layers {
            activations.push(allocator.allocate(batch * width * 4 * length.min(40), SHARED).unwrap());
            activations.push(allocator.allocate(batch * width, SHARED).unwrap());
        }
        // The backward pass frees them from the last to the first, and makes gradients meanwhile.
        while let Some(activation) = activations.pop() {
            let gradient = allocator.allocate(activation.length(), SHARED).unwrap();
            drop((activation, gradient));
        }
        // Now and then something lives on for long: metrics, checkpoints, cached batches.
        if random.below(50) == 0 {
            kept.push(allocator.allocate(1 + random.below(3 << 20), SHARED).unwrap());
        }
        if kept.len() > 40 {
            kept.swap_remove(random.below(40));
        }
        if step % 100 == 0 {
            let stats = allocator.memory_stats();
            worst = worst.max(stats.internal_fragmentation());
            worst_ratio = worst_ratio.max(stats.peak_total as f64 / stats.peak_active as f64);
        }
    }
    let stats = allocator.memory_stats();
    println!(
        "{} allocations, {} of them reserved memory; peaks: {} bytes used, {} active, {} reserved ({:.3} of active)",
        stats.num_allocations,
        stats.num_pool_misses,
        stats.peak_used,
        stats.peak_active,
        stats.peak_total,
        stats.peak_total as f64 / stats.peak_active as f64,
    );
    println!("worst: rounding {worst:.3}, reserved to active {worst_ratio:.3}");
    assert!(stats.peak_active as f64 <= 1.15 * stats.peak_used as f64, "{stats:?}");
    assert!(stats.peak_total as f64 <= 1.5 * stats.peak_active as f64, "{stats:?}");
    assert!(stats.num_pool_misses * 10_000 < stats.num_allocations, "{stats:?}");
    drop((weights, kept));
    assert_eq!(allocator.trim(), stats.total_memory);
}
