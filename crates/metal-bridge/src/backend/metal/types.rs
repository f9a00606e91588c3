//! MSL's types by the numbers of `MTLDataType`.

use msl_types::{ConstantValue, DataType, ScalarType};

/// The number of the scalar type; those of its vectors of two to four lanes follow.
const fn first(scalar: ScalarType) -> usize {
    match scalar {
        ScalarType::Float => 3,
        ScalarType::Half => 16,
        ScalarType::Int => 29,
        ScalarType::UInt => 33,
        ScalarType::Short => 37,
        ScalarType::UShort => 41,
        ScalarType::Char => 45,
        ScalarType::UChar => 49,
        ScalarType::Bool => 53,
        ScalarType::Long => 81,
        ScalarType::ULong => 85,
        ScalarType::BFloat => 121,
    }
}

/// Metal's number of a type.
pub(super) const fn number(data_type: DataType) -> usize {
    first(data_type.scalar) + data_type.lanes as usize - 1
}

/// The type with this number, if it is a scalar or a vector of MSL.
pub(super) fn data_type(number: usize) -> Option<DataType> {
    ScalarType::ALL.into_iter().find_map(|scalar| {
        let lanes = number.checked_sub(first(scalar)).filter(|more| *more < 4)? + 1;
        Some(DataType { scalar, lanes: lanes as u8 })
    })
}

/// A value of which every lane is 1, or true.
pub(super) fn one(data_type: DataType) -> ConstantValue {
    let lane: ConstantValue = match data_type.scalar {
        ScalarType::Bool => true.into(),
        ScalarType::Char => 1i8.into(),
        ScalarType::UChar => 1u8.into(),
        ScalarType::Short => 1i16.into(),
        ScalarType::UShort => 1u16.into(),
        ScalarType::Int => 1i32.into(),
        ScalarType::UInt => 1u32.into(),
        ScalarType::Long => 1i64.into(),
        ScalarType::ULong => 1u64.into(),
        ScalarType::Half => half::f16::ONE.into(),
        ScalarType::BFloat => half::bf16::ONE.into(),
        ScalarType::Float => 1f32.into(),
    };
    let bytes = lane.bytes().repeat(usize::from(data_type.lanes));
    ConstantValue::from_bytes(data_type, &bytes).expect("as many lanes as the type has")
}

/// The table is Metal's.
#[cfg(target_vendor = "apple")]
const _: () = {
    use objc2_metal::MTLDataType as Metal;

    const fn is(scalar: ScalarType, metal: [Metal; 2]) {
        assert!(first(scalar) == metal[0].0 && first(scalar) + 3 == metal[1].0);
    }
    is(ScalarType::Float, [Metal::Float, Metal::Float4]);
    is(ScalarType::Half, [Metal::Half, Metal::Half4]);
    is(ScalarType::Int, [Metal::Int, Metal::Int4]);
    is(ScalarType::UInt, [Metal::UInt, Metal::UInt4]);
    is(ScalarType::Short, [Metal::Short, Metal::Short4]);
    is(ScalarType::UShort, [Metal::UShort, Metal::UShort4]);
    is(ScalarType::Char, [Metal::Char, Metal::Char4]);
    is(ScalarType::UChar, [Metal::UChar, Metal::UChar4]);
    is(ScalarType::Bool, [Metal::Bool, Metal::Bool4]);
    is(ScalarType::Long, [Metal::Long, Metal::Long4]);
    is(ScalarType::ULong, [Metal::ULong, Metal::ULong4]);
    is(ScalarType::BFloat, [Metal::BFloat, Metal::BFloat4]);
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_has_a_number_of_its_own() {
        let mut numbers = Vec::new();
        for scalar in ScalarType::ALL {
            for lanes in 1..=4 {
                let ty = DataType { scalar, lanes };
                assert_eq!(data_type(number(ty)), Some(ty));
                assert_eq!(one(ty).data_type(), ty);
                numbers.push(number(ty));
            }
        }
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 48);
    }

    #[test]
    fn what_is_no_scalar_or_vector_has_no_type() {
        // None, a structure, an array, float2x2, float4x4, half2x2, a texture, a pointer.
        for number in [0, 1, 2, 7, 15, 20, 58, 60, usize::MAX] {
            assert_eq!(data_type(number), None, "{number}");
        }
    }
}
