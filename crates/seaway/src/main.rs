//! The `seaway` binary. All of it is the library beside this file, so that another way of linking it
//! compiles nothing anew.

use std::process::ExitCode;

fn main() -> ExitCode {
    seaway::main()
}
