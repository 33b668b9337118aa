package command

import (
	"bytes"
	"testing"
)

// FuzzAnswer: whatever bytes come as an answer, what is read of them is written and
// read again as the same answer.
func FuzzAnswer(f *testing.F) {
	f.Add(Answer{Session: 7, Seq: 1 << 40, Result: 3, From: 2}.Append(nil))
	f.Add(Answer{Status: Serving, From: 3, Term: 9}.Append(nil))
	f.Add(Answer{Status: NotLeader, From: 1, Node: 2}.Append(nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) < AnswerSize {
			return
		}
		a := ReadAnswer(data)
		again := a.Append(nil)
		if b := ReadAnswer(again); b != a {
			t.Errorf("%+v is read again as %+v", a, b)
		}
		if !bytes.Equal(ReadAnswer(again).Append(nil), again) {
			t.Errorf("%+v is written in two ways", a)
		}
	})
}
