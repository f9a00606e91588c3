//! What Metal's standard library has and ours lacks: clang says only that there is no such name.

const TEXTURES: [&str; 12] = [
    "texture1d",
    "texture1d_array",
    "texture2d",
    "texture2d_array",
    "texture2d_ms",
    "texture3d",
    "texturecube",
    "texturecube_array",
    "texture_buffer",
    "depth2d",
    "depth2d_array",
    "depthcube",
];

const MATRICES: [&str; 9] = [
    "simdgroup_matrix",
    "simdgroup_float8x8",
    "simdgroup_half8x8",
    "simdgroup_bfloat8x8",
    "simdgroup_load",
    "simdgroup_store",
    "simdgroup_multiply",
    "simdgroup_multiply_accumulate",
    "make_filled_simdgroup_matrix",
];

/// How clang's messages about names that it does not know begin.
const UNKNOWN: [&str; 4] =
    ["no template named '", "no member named '", "unknown type name '", "use of undeclared identifier '"];

/// What a message about such a name leaves unsaid.
pub(crate) fn reason(message: &str) -> Option<&'static str> {
    let name = UNKNOWN.iter().find_map(|start| message.strip_prefix(start))?.split('\'').next()?;
    if TEXTURES.contains(&name) {
        Some("metal-bridge has no textures")
    } else if MATRICES.contains(&name) {
        Some("metal-bridge has no simdgroup_matrix")
    } else {
        None
    }
}
