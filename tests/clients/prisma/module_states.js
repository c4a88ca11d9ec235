// States of modules of the enhanced schema, with their transitions.

import { HUGE_DOCUMENT, ODD_DOCUMENT, at, nested, uuid } from './awkward.js'

export async function writeStates (writer, { plain, ended }) {
  let second = 120
  const state = (name, values = {}, remark) =>
    writer.write(
      'ModuleState',
      {
        id: uuid(name),
        moduleId: 'planner',
        sessionId: plain,
        state: { name },
        version: '1.0.0',
        stateType: 'workflow_progress',
        createdAt: at(second * 1_000),
        updatedAt: at(second++ * 1_000),
        ...values
      },
      remark
    )
  const first = await state('planner 1', { state: { step: 1, left: ['b', 'c'], gone: true } })
  const next = await state('planner 2', {
    state: { step: 2, left: ['c'] },
    previousStateId: first.id
  })
  const snapshot = await state(
    'planner snapshot',
    {
      state: { step: 2, left: ['c'] },
      previousStateId: next.id,
      isSnapshot: true,
      snapshotReason: 'before the last'
    },
    'a snapshot'
  )
  const third = await state(
    'planner 3',
    { state: { step: 3, left: [] }, previousStateId: snapshot.id, stateHash: 'wrong' },
    'a wrong hash'
  )
  await state('head 1', { moduleId: 'two heads', state: { head: 1 } })
  await state(
    'head 2',
    { moduleId: 'two heads', state: { head: 2 } },
    'of a module that another begins'
  )
  await state('expired', { moduleId: 'expired', expiresAt: at(121_000) }, 'expired')
  await state('same state', { moduleId: 'equal', state: { a: 1 } })
  await state(
    'same state again',
    { moduleId: 'equal', state: { a: 1 }, previousStateId: uuid('same state'), version: '1.0.1' },
    'the state did not change'
  )
  await state(
    'of another session',
    { sessionId: ended, previousStateId: third.id, stateType: null },
    'its previous is of another session'
  )
  for (const [name, value] of Object.entries({
    'JSON null': writer.jsonNull,
    list: [1, 2],
    text: 'x',
    huge: HUGE_DOCUMENT,
    odd: ODD_DOCUMENT
  })) {
    const remark = name === 'JSON null' ? 'refused: it has no state' : `the state is ${name}`
    await state(`state ${name}`, { moduleId: name, state: value }, remark)
  }
  await state('without a session', { sessionId: null }, 'without a session')
  await state('module unnamed', { moduleId: '' }, 'refused: its module has no name')
  if (writer.takesDeepJson)
    await state(
      'module too deep',
      { moduleId: 'too deep', state: nested(100) },
      'refused: its state is too deep'
    )
  await state(
    'before its previous',
    { moduleId: 'backwards', createdAt: at(1), updatedAt: at(1) },
    'made before its previous'
  )
  await state('the previous', { moduleId: 'backwards' })
  await writer.change('ModuleState', uuid('before its previous'), {
    previousStateId: uuid('the previous'),
    updatedAt: at(1)
  })
  await state('cycle 1', { moduleId: 'cycle' }, 'in a cycle')
  await state('cycle 2', { moduleId: 'cycle', previousStateId: uuid('cycle 1') }, 'in a cycle')
  await writer.change('ModuleState', uuid('cycle 1'), {
    previousStateId: uuid('cycle 2'),
    updatedAt: at(1_000)
  })
  await writer.writeOrphan(
    'ModuleState',
    {
      id: uuid('no previous'),
      moduleId: 'no previous',
      sessionId: plain,
      state: {},
      version: '',
      previousStateId: 'gone',
      createdAt: at(1),
      updatedAt: at(1)
    },
    'its previous is not there'
  )
  await writer.writeOrphan(
    'ModuleState',
    {
      id: uuid('no session'),
      moduleId: 'no session',
      sessionId: 'gone',
      state: {},
      version: '1',
      createdAt: at(1),
      updatedAt: at(1)
    },
    'refused: its session is not there'
  )

  const transition = (name, stateId, values = {}, remark) =>
    writer.write(
      'StateTransition',
      {
        id: uuid(`transition ${name}`),
        stateId,
        triggerType: 'user_action',
        triggerId: 'click',
        transitionData: { name },
        createdAt: at(125_000),
        ...values
      },
      remark
    )
  await transition('1 to 2', first.id, { previousValues: { step: 1 }, newValues: { step: 2 } })
  await transition(
    '1 to 2 again',
    first.id,
    { triggerType: 'scheduled', triggerId: null, createdAt: at(124_000) },
    'out of order, without values'
  )
  await transition(
    'from the last',
    third.id,
    { previousValues: writer.jsonNull, newValues: writer.jsonNull, transitionData: ODD_DOCUMENT },
    'JSON null'
  )
  await transition(
    'huge',
    uuid('head 1'),
    { newValues: HUGE_DOCUMENT, transitionData: writer.jsonNull, triggerType: '' },
    '2 MB, without a trigger'
  )
  await writer.writeOrphan(
    'StateTransition',
    { id: uuid('orphaned transition'), stateId: 'gone', triggerType: 'x', transitionData: {} },
    'refused: its state is not there'
  )
}
