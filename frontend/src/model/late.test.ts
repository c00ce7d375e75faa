import assert from "node:assert/strict";
import { test } from "node:test";
import { heardToo, isLate, NOTHING_HEARD } from "./late";

test("an answer is late when something newer was pushed meanwhile", () => {
  const heard = [{ version: 12 }, { revision: 4 }, { version: 11 }].reduce(heardToo, NOTHING_HEARD);
  assert.deepEqual(heard, { version: 12, revision: 4 });
  assert.equal(isLate({ version: 12, revision: 4 }, heard), false);
  assert.equal(isLate({ version: 13, revision: 5 }, heard), false);
  assert.equal(isLate({ version: 11, revision: 4 }, heard), true);
  assert.equal(isLate({ version: 12, revision: 3 }, heard), true);
  assert.equal(isLate({ version: 12, revision: null }, heard), true);
});

test("with nothing pushed every answer is taken, also the low numbers of a server started again", () => {
  assert.equal(isLate({ version: 0, revision: null }, NOTHING_HEARD), false);
});
