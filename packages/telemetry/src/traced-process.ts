/** The process that records. */
export interface TracedProcess {
  /** `service.name`, unless `OTEL_SERVICE_NAME` names another. */
  readonly service: string;
  readonly version: string;
  /** Name of the node: `service.instance.id`. */
  readonly node: string;
}
