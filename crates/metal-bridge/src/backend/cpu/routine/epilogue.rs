//! What is done with a part of a result while it is in the caches.

use super::gemm::View;
use crate::backend::routine::Epilogue;

/// Where a bias has the element for an element of a part.
#[derive(Clone, Copy, Debug)]
pub(super) enum Bias {
    None,
    /// From the address of the one for the first column on.
    ByColumn(*const f32),
    /// From the address of the one for the first row on.
    ByRow(*const f32),
}

/// Does it with `rows × columns` elements, of which those of a row lie side by side.
///
/// # Safety
///
/// All elements of the part can be read and written, and those of the bias read; nobody else accesses the part.
pub(super) unsafe fn finish(
    part: View<*mut f32>,
    [rows, columns]: [usize; 2],
    bias: Bias,
    Epilogue { relu, .. }: Epilogue,
) {
    debug_assert_eq!(part.column, 1);
    if matches!(bias, Bias::None) && !relu {
        return;
    }
    // With the widest registers that there are.
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || {
            for row in 0..rows {
                // SAFETY: by the promise of this function.
                let run = unsafe { std::slice::from_raw_parts_mut(part.at.add(row * part.row), columns) };
                match bias {
                    Bias::None => {}
                    Bias::ByColumn(bias) => {
                        // SAFETY: as above.
                        let bias = unsafe { std::slice::from_raw_parts(bias, columns) };
                        run.iter_mut().zip(bias).for_each(|(element, bias)| *element += bias);
                    }
                    Bias::ByRow(bias) => {
                        // SAFETY: as above.
                        let bias = unsafe { *bias.add(row) };
                        run.iter_mut().for_each(|element| *element += bias);
                    }
                }
                if relu {
                    run.iter_mut()
                        .for_each(|element| *element = if *element <= 0.0 { 0.0 } else { *element });
                }
            }
        },
    );
}
