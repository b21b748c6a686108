//! Course enrolment: a seat depends on the course and on the student, so both decide together.

use std::{
    num::NonZeroU32,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use annals::*;
use serde::{Deserialize, Serialize};

use crate::stores::{all_events, block_on, on_each_store};

const COURSES_PER_STUDENT: usize = 5;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Event)]
#[event(prefix = "school")]
enum SchoolEvent {
    Planned {
        #[tag]
        course: String,
        seats: usize,
    },
    Resized {
        #[tag]
        course: String,
        seats: usize,
    },
    Enrolled {
        #[tag]
        course: String,
        #[tag]
        student: String,
    },
}
use SchoolEvent::{Enrolled, Planned, Resized};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Course {
    seats: Option<usize>,
    students: Vec<String>,
}

#[aggregate(tag = "course", key = String)]
impl Aggregate for Course {
    type Event = SchoolEvent;

    fn apply(&mut self, event: &SchoolEvent) {
        match event {
            Planned { seats, .. } | Resized { seats, .. } => self.seats = Some(*seats),
            Enrolled { student, .. } => self.students.push(student.clone()),
        }
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Student {
    courses: usize,
}

#[aggregate(tag = "student", key = String)]
impl Aggregate for Student {
    type Event = SchoolEvent;

    fn apply(&mut self, event: &SchoolEvent) {
        if let Enrolled { .. } = event {
            self.courses += 1;
        }
    }
}

fn plan(app: &Annals, course: &str, seats: usize) -> Result<(), ExecuteError<&'static str>> {
    let name = course.to_owned();
    let done =
        block_on(app.transact(&course.to_owned(), move |state: &mut Changes<'_, Course>| {
            if state.seats.is_some() {
                return Err("there is such a course");
            }
            state.emit(Planned { course: name.clone(), seats });
            Ok(())
        }));
    done.map(drop)
}

fn resize(app: &Annals, course: &str, seats: usize) -> Result<(), ExecuteError<&'static str>> {
    let name = course.to_owned();
    let done =
        block_on(app.transact(&course.to_owned(), move |state: &mut Changes<'_, Course>| {
            match state.seats {
                None => return Err("there is no such course"),
                Some(now) if now == seats => return Err("it has that many seats"),
                Some(_) => state.emit(Resized { course: name.clone(), seats }),
            };
            Ok(())
        }));
    done.map(drop)
}

fn enroll(app: &Annals, course: &str, student: &str) -> Result<(), ExecuteError<&'static str>> {
    let key = (course.to_owned(), student.to_owned());
    let (course, student) = key.clone();
    let decide = move |state: &mut Changes<'_, (Course, Student)>| {
        let Some(seats) = state.0.seats else { return Err("there is no such course") };
        if state.0.students.len() >= seats {
            return Err("the course is full");
        }
        if state.0.students.contains(&student) {
            return Err("the student is in it");
        }
        if state.1.courses >= COURSES_PER_STUDENT {
            return Err("the student has enough courses");
        }
        state.emit(Enrolled { course: course.clone(), student: student.clone() });
        Ok(())
    };
    let attempts = NonZeroU32::new(1_000).expect("not zero");
    block_on(app.transact(&key, decide).attempts(attempts)).map(drop)
}

fn refused(done: Result<(), ExecuteError<&'static str>>) -> &'static str {
    done.unwrap_err().rejection().expect("not a failure")
}

#[test]
fn courses_are_planned_once_and_resized_when_there_is_one() {
    on_each_store(|site| {
        let app = site.app();
        assert_eq!(refused(resize(&app, "c1", 3)), "there is no such course");
        plan(&app, "c1", 10).unwrap();
        assert_eq!(refused(plan(&app, "c1", 15)), "there is such a course");
        plan(&app, "c2", 10).unwrap();
        assert_eq!(refused(resize(&app, "c1", 10)), "it has that many seats");
        resize(&app, "c1", 11).unwrap();
        assert_eq!(all_events(site.backend.as_ref()).len(), 3);
    });
}

#[test]
fn students_are_enrolled_where_course_and_student_allow_it() {
    on_each_store(|site| {
        let app = site.app();
        assert_eq!(refused(enroll(&app, "c0", "s1")), "there is no such course");
        plan(&app, "c1", 3).unwrap();
        for student in ["s1", "s2"] {
            enroll(&app, "c1", student).unwrap();
        }
        assert_eq!(refused(enroll(&app, "c1", "s1")), "the student is in it");
        enroll(&app, "c1", "s3").unwrap();
        assert_eq!(refused(enroll(&app, "c1", "s4")), "the course is full");
        resize(&app, "c1", 4).unwrap();
        enroll(&app, "c1", "s4").unwrap();
        for course in ["c2", "c3", "c4", "c5", "c6"] {
            plan(&app, course, 10).unwrap();
        }
        for course in ["c2", "c3", "c4", "c5"] {
            enroll(&app, course, "s1").unwrap();
        }
        assert_eq!(refused(enroll(&app, "c6", "s1")), "the student has enough courses");
        enroll(&app, "c6", "s2").unwrap();
    });
}

#[test]
fn of_many_racers_one_gets_the_last_seat() {
    on_each_store(|site| {
        let app = site.app();
        plan(&app, "c1", 3).unwrap();
        enroll(&app, "c1", "early").unwrap();
        enroll(&app, "c1", "bird").unwrap();
        let winners = AtomicUsize::new(0);
        thread::scope(|scope| {
            for racer in 0..16 {
                let (app, winners) = (app.clone(), &winners);
                scope.spawn(move || match enroll(&app, "c1", &format!("s{racer}")) {
                    Ok(()) => {
                        winners.fetch_add(1, Ordering::SeqCst);
                    }
                    done => assert_eq!(refused(done), "the course is full"),
                });
            }
        });
        assert_eq!(winners.into_inner(), 1);
        let course = block_on(app.load::<Course>(&"c1".into(), At::Latest)).unwrap();
        assert_eq!(course.students.len(), 3);
    });
}

#[test]
fn a_student_who_races_through_many_courses_gets_no_more_than_allowed() {
    on_each_store(|site| {
        let app = site.app();
        let courses: Vec<_> = (0..8).map(|number| format!("c{number}")).collect();
        courses.iter().for_each(|course| plan(&app, course, 10).unwrap());
        thread::scope(|scope| {
            for course in &courses {
                let app = app.clone();
                scope.spawn(move || match enroll(&app, course, "s1") {
                    Ok(()) => {}
                    done => assert_eq!(refused(done), "the student has enough courses"),
                });
            }
        });
        let student = block_on(app.load::<Student>(&"s1".into(), At::Latest)).unwrap();
        assert_eq!(student.courses, COURSES_PER_STUDENT);
    });
}
