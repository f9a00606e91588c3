//! diagnostics = '''
//! program_source:1:1: error: expected unqualified-id
//! program_source:1:31: warning: missing terminating ' character [-Winvalid-pp-token]
//! program_source:4:4: error: expected value in expression
//! program_source:4:2: error: unterminated conditional directive
//! '''
@#$%^&*( kernel ]] }} )) void 'unterminated "string
 \
#define
#if
