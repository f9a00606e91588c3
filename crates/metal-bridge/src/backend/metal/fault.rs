//! Why a GPU ended work: the codes of `MTLCommandBufferError`.

use crate::error::DeviceFaultKind;

/// Whose codes these are.
const DOMAIN: &str = "MTLCommandBufferErrorDomain";

/// What a code of a domain of errors means.
pub(super) fn kind(domain: &str, code: isize) -> DeviceFaultKind {
    match code {
        code if domain != DOMAIN => DeviceFaultKind::Other(code),
        2 => DeviceFaultKind::TimedOut,
        3 => DeviceFaultKind::PageFault,
        4 => DeviceFaultKind::AccessRevoked,
        7 => DeviceFaultKind::NotPermitted,
        8 => DeviceFaultKind::OutOfMemory,
        9 => DeviceFaultKind::InvalidResource,
        11 => DeviceFaultKind::DeviceRemoved,
        12 => DeviceFaultKind::StackOverflow,
        code => DeviceFaultKind::Other(code),
    }
}

/// The codes are Metal's.
#[cfg(target_vendor = "apple")]
const _: () = {
    use objc2_metal::MTLCommandBufferError as Metal;

    assert!(Metal::Timeout.0 == 2 && Metal::PageFault.0 == 3 && Metal::AccessRevoked.0 == 4);
    assert!(Metal::NotPermitted.0 == 7 && Metal::OutOfMemory.0 == 8 && Metal::InvalidResource.0 == 9);
    assert!(Metal::DeviceRemoved.0 == 11 && Metal::StackOverflow.0 == 12);
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{DeviceFault, Error};

    #[test]
    fn faults_read_well() {
        let fault = |code| {
            Error::from(DeviceFault {
                kind: kind(DOMAIN, code),
                command_buffer: "step".into(),
                message: "Metal's words".into(),
            })
        };
        assert_eq!(
            fault(3).to_string(),
            "command buffer \"step\": a kernel reached memory that it must not: Metal's words"
        );
        assert_eq!(kind("NSCocoaErrorDomain", 3), DeviceFaultKind::Other(3));
        assert_eq!(fault(1).to_string(), "command buffer \"step\": the GPU failed (code 1): Metal's words");
    }
}
