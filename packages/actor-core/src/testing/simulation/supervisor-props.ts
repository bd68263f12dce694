import { receive, setup } from '../../actor/behaviour.ts';
import type { Props } from '../../actor/actor-context.ts';
import { props } from '../../cell/create-props.ts';
import type { SupervisionOptions } from '../../actor/supervision-options.ts';

/** An actor that only starts and supervises `children`. */
export function supervisorProps(
  children: () => Readonly<Record<string, Props<never>>>,
  supervision: SupervisionOptions,
): Props<never> {
  const create = () =>
    setup<never>((context) => {
      for (const [name, child] of Object.entries(children())) context.spawn(child, name);
      return receive<never>(() => undefined);
    });
  return props<never>(create, { supervision });
}
