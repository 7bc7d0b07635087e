// Writes unicode_tables.inc from what Node.js knows of Unicode: node unicode_tables.mjs > unicode_tables.inc
// (Node 20 has Unicode 17). Categories as runs; canonical decompositions, compositions and combining classes.
const categories = [
  "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe",
  "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Cn"
];
// A mark of each combining class, by which those of others are found: a sequence out of order changes.
const classes = [
  [ 1, 820 ],    [ 6, 94192 ],  [ 7, 2364 ],   [ 8, 12441 ],  [ 9, 2381 ],   [ 10, 1456 ],   [ 11, 1457 ],
  [ 12, 1458 ],  [ 13, 1459 ],  [ 14, 1460 ],  [ 15, 1461 ],  [ 16, 1462 ],  [ 17, 1463 ],   [ 18, 1464 ],
  [ 19, 1465 ],  [ 20, 1467 ],  [ 21, 1468 ],  [ 22, 1469 ],  [ 23, 1471 ],  [ 24, 1473 ],   [ 25, 1474 ],
  [ 26, 64286 ], [ 27, 1611 ],  [ 28, 1612 ],  [ 29, 1613 ],  [ 30, 1560 ],  [ 31, 1561 ],   [ 32, 1562 ],
  [ 33, 1617 ],  [ 34, 1618 ],  [ 35, 1648 ],  [ 36, 1809 ],  [ 84, 3157 ],  [ 91, 3158 ],   [ 103, 3640 ],
  [ 107, 3656 ], [ 118, 3768 ], [ 122, 3784 ], [ 129, 3953 ], [ 130, 3954 ], [ 132, 3956 ],  [ 202, 801 ],
  [ 214, 7630 ], [ 216, 795 ],  [ 218, 7674 ], [ 220, 790 ],  [ 222, 1434 ], [ 224, 12334 ], [ 226, 119149 ],
  [ 228, 1454 ], [ 230, 768 ],  [ 232, 789 ],  [ 233, 860 ],  [ 234, 861 ],  [ 240, 837 ]
];

const tests = categories.map((name) => new RegExp(`^\\p{gc=${name}}$`, "u"));
const text = (point) => String.fromCodePoint(point);
const points = (string) => [...string].map((c) => c.codePointAt(0));

function categoryRuns() {
  const runs = [];
  let last = -1;
  for (let point = 0; point < 0x110000; ++point) {
    const now = tests[last]?.test(text(point)) ? last : tests.findIndex((test) => test.test(text(point)));
    if (now !== last)
      runs.push((point * 32) + now);
    last = now;
  }
  return runs;
}

function combiningClass(point) {
  const reordered = ([, mark ]) => {
    const string = text(point) + text(mark);
    const normal = string.normalize("NFD");
    return normal !== text(point).normalize("NFD") + text(mark).normalize("NFD");
  };
  let found = 0; // the greatest class below its own, and then the next
  for (let i = 0; i < classes.length; ++i)
    if (reordered(classes[i]))
      found = i + 1;
  // Of the least class, nothing is below: what is after a mark of a higher class moves before it.
  const first = text(837) + text(point);
  if (point !== 837 && first.normalize("NFD") === first)
    return 0;
  return classes[found][0];
}

const hangul = (point) => point >= 0xac00 && point < 0xd7a4;
const decompositions = [], marks = [];
const excluded = new Map(); // what composes no longer, by what it decomposes to
for (let point = 0; point < 0x110000; ++point)
  if (text(point).normalize("NFC") !== text(point))
    excluded.set(text(point).normalize("NFD"), text(point));
for (let point = 0; point < 0x110000; ++point) {
  if ((point >= 0xd800 && point < 0xe000) || hangul(point))
    continue;
  const whole = points(text(point).normalize("NFD"));
  if (whole.length > 1 || whole[0] !== point) {
    // In two: all but the last one, composed as far as that goes, and the last. Its own composition, if it has one.
    let head = whole.slice(0, -1).map(text).join("").normalize("NFC");
    head = points(head).length > 1 ? excluded.get(head.normalize("NFD")) ?? head : head;
    const composes = text(point).normalize("NFC") === text(point);
    if (whole.length > 1 && points(head).length === 1)
      decompositions.push([ point, points(head)[0], whole.at(-1), composes ]);
    else if (whole.length === 1)
      decompositions.push([ point, whole[0], 0, false ]);
    else
      throw new Error(`U+${point.toString(16)} decomposes into ${whole}`);
  }
  if (/^\p{M}$/u.test(text(point)) && whole.length === 1) {
    const value = combiningClass(whole[0]);
    if (value && whole[0] === point)
      marks.push(point * 256 + value);
  }
}

function print(declaration, numbers) {
  console.log(`${declaration} = {`);
  let line = "   ";
  for (const number of numbers) {
    const word = ` 0x${number.toString(16)},`;
    if (line.length + word.length > 118) {
      console.log(line);
      line = "   ";
    }
    line += word;
  }
  console.log(`${line}\n};`);
}

console.log(`// Unicode ${process.versions.unicode}; written by unicode_tables.mjs.`);
print("static constexpr uint32_t categoryRuns[]", categoryRuns());
print("static constexpr uint32_t combiningClasses[]", marks);
print("static constexpr uint32_t decompositions[]",
      decompositions.flatMap(([ point, a, b, composes ]) => [point + (composes ? 0x80000000 : 0), a, b]));
