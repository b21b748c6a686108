//! Course enrollment: a course has a capacity, a student takes at most five courses.

use crate::{
    Store,
    case::cases,
    words::{any_of, tagged, with_tags},
};

use super::Decision;

cases! { "examples_courses", needs [Conditions]:
    a_course_is_defined_once,
    a_full_course_takes_no_more,
    a_student_enrolls_once_in_a_course,
    a_student_takes_at_most_five_courses,
    a_missing_course_takes_nobody,
    of_two_who_want_the_last_seat_one_gets_it,
    of_two_last_courses_of_a_student_one_is_taken,
    enrollments_in_other_courses_do_not_disturb,
}

const COURSES_PER_STUDENT_MAX: usize = 5;

fn define(store: &Store, course: &str, seats: usize) -> Result<(), &'static str> {
    let (course, seats) = (format!("course:{course}"), format!("seats:{seats}"));
    let decision = Decision::about(store, any_of([with_tags([course.as_str()])]));
    if decision.has("course-defined", &[&course]) {
        return Err("the course exists");
    }
    let event = tagged("course-defined", [&course, &seats]);
    decision.commit(store, event).then_some(()).ok_or("somebody was faster")
}

fn read_for(store: &Store, student: &str, course: &str) -> Decision {
    Decision::about(store, any_of([with_tags([course]), with_tags([student])]))
}

fn seats(decision: &Decision, course: &str) -> Option<usize> {
    let of_course = |tags: &Vec<String>| tags.iter().any(|tag| tag == course);
    let mut defined = decision.facts.iter();
    let (_, tags) = defined.find(|(kind, tags)| kind == "course-defined" && of_course(tags))?;
    tags.iter().find_map(|tag| tag.strip_prefix("seats:")?.parse().ok())
}

fn decide(decision: &Decision, student: &str, course: &str) -> Result<(), &'static str> {
    let Some(seats) = seats(decision, course) else { return Err("no such course") };
    if decision.has("enrolled", &[student, course]) {
        return Err("enrolled already");
    }
    if decision.count("enrolled", &[course]) >= seats {
        return Err("the course is full");
    }
    if decision.count("enrolled", &[student]) >= COURSES_PER_STUDENT_MAX {
        return Err("too many courses");
    }
    Ok(())
}

fn enroll(store: &Store, student: &str, course: &str) -> Result<(), &'static str> {
    let (student, course) = (format!("student:{student}"), format!("course:{course}"));
    let decision = read_for(store, &student, &course);
    decide(&decision, &student, &course)?;
    let event = tagged("enrolled", [&student, &course]);
    decision.commit(store, event).then_some(()).ok_or("somebody was faster")
}

/// Two decide from what they both read; then one after the other appends.
#[track_caller]
fn check_race(store: &Store, one: (&str, &str), two: (&str, &str)) {
    let [one, two] = [one, two].map(|(student, course)| {
        let (student, course) = (format!("student:{student}"), format!("course:{course}"));
        let decision = read_for(store, &student, &course);
        assert_eq!(decide(&decision, &student, &course), Ok(()));
        (decision, tagged("enrolled", [&student, &course]))
    });
    assert!(one.0.commit(store, one.1), "the first gets the seat");
    assert!(!two.0.commit(store, two.1), "the second decided from what is old by now");
}

fn a_course_is_defined_once(store: &Store) {
    assert_eq!(define(store, "math", 3), Ok(()));
    assert_eq!(define(store, "math", 3), Err("the course exists"));
    assert_eq!(define(store, "art", 3), Ok(()));
}

fn a_full_course_takes_no_more(store: &Store) {
    assert_eq!(define(store, "math", 3), Ok(()));
    for student in ["ann", "bob", "eve"] {
        assert_eq!(enroll(store, student, "math"), Ok(()));
    }
    assert_eq!(enroll(store, "max", "math"), Err("the course is full"));
}

fn a_student_enrolls_once_in_a_course(store: &Store) {
    assert_eq!(define(store, "math", 3), Ok(()));
    assert_eq!(enroll(store, "ann", "math"), Ok(()));
    assert_eq!(enroll(store, "ann", "math"), Err("enrolled already"));
}

fn a_student_takes_at_most_five_courses(store: &Store) {
    let courses = ["a", "b", "c", "d", "e", "f"];
    for course in courses {
        assert_eq!(define(store, course, 9), Ok(()));
    }
    let (last, first_five) = courses.split_last().expect("there are courses");
    for course in first_five {
        assert_eq!(enroll(store, "ann", course), Ok(()));
    }
    assert_eq!(enroll(store, "ann", last), Err("too many courses"));
    assert_eq!(enroll(store, "bob", last), Ok(()));
}

fn a_missing_course_takes_nobody(store: &Store) {
    assert_eq!(enroll(store, "ann", "math"), Err("no such course"));
}

fn of_two_who_want_the_last_seat_one_gets_it(store: &Store) {
    assert_eq!(define(store, "math", 1), Ok(()));
    check_race(store, ("ann", "math"), ("bob", "math"));
}

fn of_two_last_courses_of_a_student_one_is_taken(store: &Store) {
    for course in ["a", "b", "c", "d", "math", "art"] {
        assert_eq!(define(store, course, 9), Ok(()));
    }
    for course in ["a", "b", "c", "d"] {
        assert_eq!(enroll(store, "ann", course), Ok(()));
    }
    check_race(store, ("ann", "math"), ("ann", "art"));
}

fn enrollments_in_other_courses_do_not_disturb(store: &Store) {
    assert_eq!(define(store, "math", 3), Ok(()));
    assert_eq!(define(store, "art", 3), Ok(()));
    let (ann, math) = ("student:ann", "course:math");
    let decision = read_for(store, ann, math);
    assert_eq!(enroll(store, "bob", "art"), Ok(()));
    assert!(decision.commit(store, tagged("enrolled", [ann, math])));
}
