use seaway_controller::Rehearsal;
use seaway_core::Key;

use crate::screen::Screen;

/// Writes a plan, and returns whether something in it can't be.
pub(super) fn print(screen: &Screen, plan: &Rehearsal) -> bool {
    let mut steps = 0;
    let mut trouble = 0;
    for outline in &plan.outlines {
        let report = &outline.report;
        if report.steps.is_empty() && report.error.is_none() {
            continue;
        }
        let names: Vec<_> = outline.services.values().map(String::as_str).collect();
        let of = match outline.key {
            Key::Ground => "what its load balancers share".to_owned(),
            Key::Balancer(_) => names.join(", "),
        };
        screen.line(&format!("{}: {of}", outline.provider));
        for step in &report.steps {
            steps += 1;
            screen.line(&format!("  + {}", step.step));
        }
        if let Some(error) = &report.error {
            trouble += 1;
            screen.line(&format!("  ! {error}"));
        }
    }
    for outline in &plan.outlines {
        for (uid, member) in &outline.report.members {
            let Some(name) = outline.services.get(uid) else { continue };
            if let Some(error) = &member.error {
                trouble += 1;
                screen.line(&format!("! {name}: {error}"));
            }
            for warning in &member.warnings {
                screen.line(&format!("warning: {name}: {}", warning.message));
            }
        }
    }
    for (name, error) in &plan.refused {
        trouble += 1;
        screen.line(&format!("! {name}: {error}"));
    }
    for (name, keys) in &plan.unread {
        screen.line(&format!("warning: {name}: nobody reads the annotation {keys}"));
    }
    for (name, why) in &plan.left_alone {
        screen.line(&format!("- {name} is left alone: {why}"));
    }
    screen.line(&sum(steps, trouble));
    trouble > 0
}

fn sum(steps: usize, trouble: usize) -> String {
    let done = match steps {
        0 => "nothing to do".to_owned(),
        1 => "1 step; nothing was changed".to_owned(),
        _ => format!("{steps} steps; nothing was changed"),
    };
    match (steps, trouble) {
        (_, 0) => done,
        (0, _) => format!("nothing can be done: {trouble} in the way (see the lines with !)"),
        _ => format!("{done}; {trouble} in the way (see the lines with !)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_never_nothing_to_do() {
        assert_eq!(sum(0, 0), "nothing to do");
        assert!(!sum(0, 1).contains("nothing to do"));
        assert!(sum(2, 1).starts_with("2 steps; nothing was changed; 1 in the way"));
    }
}
